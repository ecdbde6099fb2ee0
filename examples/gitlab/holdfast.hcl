cluster "search" {
  members { tags = { Cluster = "search" } }

  settle         = "3s"
  size           = 3
  survivor_floor = 2
}
