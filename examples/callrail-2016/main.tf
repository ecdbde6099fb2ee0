# A database and the one standby that it has, in another zone.

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

resource "aws_db_instance" "primary" {
  identifier                  = "calls"
  engine                      = "postgres"
  instance_class              = var.class
  allocated_storage           = 100
  username                    = "calls"
  manage_master_user_password = true
  apply_immediately           = true
  skip_final_snapshot         = true

  tags = {
    Release = var.release
  }
}

resource "aws_db_instance" "standby" {
  count               = var.standbys
  identifier          = "calls-standby-${count.index}"
  replicate_source_db = aws_db_instance.primary.identifier
  instance_class      = var.standby_class
  apply_immediately   = true
  skip_final_snapshot = true

  tags = {
    Release = var.release
  }
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "class" {
  type    = string
  default = "db.r5.2xlarge"
}

variable "standby_class" {
  type    = string
  default = "db.r5.2xlarge"
}

variable "standbys" {
  type    = number
  default = 1
}

variable "release" {
  type    = string
  default = "1"
}
