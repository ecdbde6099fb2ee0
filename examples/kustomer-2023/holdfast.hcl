# The customers are what must not be lost: a backup of an hour ago is fresh, one
# of last week is not.
data "customers" {
  ids        = ["customers-2019", "customers"]
  backup_age = "26h"
}
