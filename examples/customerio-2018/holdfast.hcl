cluster "shards" {
  members { tags = { Cluster = "shards" } }

  size           = 3
  survivor_floor = 2
}
