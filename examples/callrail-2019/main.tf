# The bucket of a call tracking service: recordings, greetings and their backups
# beside temporary files, and a rule that is meant for the temporary files.

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

resource "aws_s3_bucket" "files" {
  bucket = var.bucket
}

resource "aws_s3_bucket_lifecycle_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  dynamic "rule" {
    for_each = var.rules
    content {
      id     = rule.key
      status = "Enabled"

      dynamic "filter" {
        for_each = rule.value.prefix == null ? [] : [rule.value.prefix]
        content {
          prefix = filter.value
        }
      }

      expiration {
        days = rule.value.days
      }
    }
  }
}

variable "rules" {
  description = "What expires, by the name of the rule; without a prefix it is everything."
  type        = map(object({ prefix = optional(string), days = number }))
  default     = { temporary = { prefix = "tmp/", days = 30 } }
}

variable "bucket" {
  type    = string
  default = "callrail-files"
}

variable "region" {
  type    = string
  default = "us-east-1"
}
