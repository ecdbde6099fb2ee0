# TG_TF_PATH and --tf-path win over this.
terraform_binary = "holdfast"
