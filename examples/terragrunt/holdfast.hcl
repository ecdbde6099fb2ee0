cluster "search" {
  members { tags = { Cluster = "search" } }

  size           = 3
  survivor_floor = 2
}
