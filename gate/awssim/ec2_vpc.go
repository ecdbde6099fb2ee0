package awssim

// describeVpcAttribute answers for the default VPC, in which DNS works.
func describeVpcAttribute(r *request) (any, error) {
	var answer struct {
		ID        string       `xml:"vpcId"`
		Support   *value[bool] `xml:"enableDnsSupport"`
		Hostnames *value[bool] `xml:"enableDnsHostnames"`
		Usage     *value[bool] `xml:"enableNetworkAddressUsageMetrics"`
	}
	answer.ID = r.str("VpcId")
	switch name := r.str("Attribute"); name {
	case "enableDnsSupport":
		answer.Support = &value[bool]{true}
	case "enableDnsHostnames":
		answer.Hostnames = &value[bool]{true}
	case "enableNetworkAddressUsageMetrics":
		answer.Usage = &value[bool]{false}
	default:
		return nil, failure("InvalidParameterValue", "Value (%s) for parameter attribute is invalid.", name)
	}
	return answer, nil
}

// describeRouteTables shows the main route table of the default VPC, whatever
// it is filtered by.
func describeRouteTables(r *request) (any, error) {
	type association struct {
		ID    string `xml:"routeTableAssociationId"`
		Table string `xml:"routeTableId"`
		Main  bool   `xml:"main"`
		State string `xml:"associationState>state"`
	}
	type item struct {
		ID           string        `xml:"routeTableId"`
		VPC          string        `xml:"vpcId"`
		Owner        string        `xml:"ownerId"`
		Associations []association `xml:"associationSet>item"`
	}
	id := r.seen.known("rtb")
	return struct {
		Tables []item `xml:"routeTableSet>item"`
	}{[]item{{id, r.seen.known("vpc"), r.w.account, []association{{r.seen.known("rtbassoc"), id, true, "associated"}}}}}, nil
}
