# The backups lie in the bucket that they are backups of.
data "files" {
  ids     = ["callrail-files"]
  backups = ["callrail-files/backups/"]
}
