# Customers that have moved from one table to a larger one, and the cleanup of
# the old table.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

# The old table. What happens to it is in its stream.
resource "aws_dynamodb_table" "old" {
  count            = var.keep_old ? 1 : 0
  name             = "customers-2019"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "id"
    type = "S"
  }

  # The cleanup: whatever has been migrated may expire.
  dynamic "ttl" {
    for_each = var.cleanup ? [1] : []
    content {
      attribute_name = "migrated_at"
      enabled        = true
    }
  }

  tags = {
    Release = var.release
  }
}

# The new table.
resource "aws_dynamodb_table" "new" {
  name         = "customers"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

# A table that has nothing to do with it.
resource "aws_dynamodb_table" "drafts" {
  count        = var.keep_drafts ? 1 : 0
  name         = "drafts"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

# What keeps the new table like the old one while both are in use: a function
# that does to the new one whatever is done to the old one.
resource "aws_lambda_event_source_mapping" "copy" {
  count             = var.keep_old ? 1 : 0
  event_source_arn  = aws_dynamodb_table.old[0].stream_arn
  function_name     = var.function
  starting_position = "LATEST"
  enabled           = var.replicate
}

variable "replicate" {
  description = "Whether the new table still follows the old one."
  type        = bool
  default     = true
}

variable "cleanup" {
  description = "Whether the old table is being emptied."
  type        = bool
  default     = false
}

variable "keep_old" {
  description = "Whether the old table is still there."
  type        = bool
  default     = true
}

variable "keep_drafts" {
  type    = bool
  default = true
}

variable "release" {
  description = "A tag that changes nothing but itself."
  type        = string
  default     = "1"
}

variable "function" {
  description = "Name of the function that copies; it is deployed elsewhere."
  type        = string
  default     = "copy-customers"
}

variable "region" {
  type    = string
  default = "us-east-1"
}
