cluster "search" {
  members { tags = { Cluster = "search" } }

  # Each of the two states knows only its own members.
  unmanaged = "allow"

  size           = 3
  survivor_floor = 2
}
