# Database shards, each on a host of its own, with its data on a volume that
# outlives the host.

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

locals {
  zones = ["${var.region}a", "${var.region}b", "${var.region}c"]
}

resource "aws_instance" "shard" {
  count             = var.shards
  ami               = count.index < var.rolled ? var.next_image : var.image
  instance_type     = var.instance_type
  availability_zone = local.zones[count.index % 3]

  tags = {
    Cluster = "shards"
    Name    = "shard-${count.index}"
    Release = var.release
  }
}

resource "aws_ebs_volume" "data" {
  count             = var.shards
  availability_zone = local.zones[count.index % 3]
  size              = element(var.sizes, count.index)
  type              = "gp3"
}

# The volume is attached when the instance runs, and the database may have
# started by then.
resource "aws_volume_attachment" "data" {
  count       = var.shards
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data[count.index].id
  instance_id = aws_instance.shard[count.index].id
}

variable "shards" {
  type    = number
  default = 3
}

variable "sizes" {
  description = "GiB of each shard's disk."
  type        = list(number)
  default     = [10, 10, 10]
}

variable "rolled" {
  description = "So many shards, from the first, have the next image."
  type        = number
  default     = 1
}

variable "image" {
  description = "AMI of the shards; the default is one that emulators know."
  type        = string
  default     = "ami-12c6146b"
}

variable "next_image" {
  description = "AMI that the shards are being moved to, one that emulators know."
  type        = string
  default     = "ami-03cf127a"
}

variable "release" {
  description = "A tag that changes nothing but itself."
  type        = string
  default     = "1"
}

variable "instance_type" {
  type    = string
  default = "t3.micro"
}

variable "region" {
  type    = string
  default = "us-east-1"
}
