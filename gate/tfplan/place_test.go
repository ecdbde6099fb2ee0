package tfplan

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestRegion(t *testing.T) {
	const arn = `"arn":"arn:aws:ec2:eu-west-1:123456789012:instance/i-1"`
	for _, tc := range []struct{ name, before, after, want string }{
		{"attribute before all", `{"region":"us-east-2",` + arn + `,"availability_zone":"us-west-2a"}`, `{"region":"us-west-1"}`, "us-east-2"},
		{"attribute of a create", `null`, `{"region":"us-west-1"}`, "us-west-1"},
		{"ARN", `{` + arn + `,"availability_zone":"us-west-2a"}`, `{}`, "eu-west-1"},
		{"GovCloud", `{"arn":"arn:aws-us-gov:ec2:us-gov-west-1:123456789012:instance/i-1"}`, `null`, "us-gov-west-1"},
		{"sovereign cloud", `{"region":"eusc-de-east-1"}`, `null`, "eusc-de-east-1"},
		{"zone", `{"availability_zone":"us-west-2a"}`, `null`, "us-west-2"},
		{"local zone is not read", `{"availability_zone":"us-west-2-lax-1a"}`, `null`, ""},
		{"wavelength zone is not read", `{"availability_zone":"us-east-1-wl1-bos-wlz-1"}`, `null`, ""},
		{"no region's name", `{"region":"evil.example/#"}`, `null`, ""},
		{"sensitive", `{"region":"us-west-1"}`, `null`, ""},
		{"nothing says it", `{}`, `null`, ""},
	} {
		change := ""
		if tc.name == "sensitive" {
			change = `"before_sensitive":{"region":true}`
		} else {
			change = `"before_sensitive":{}`
		}
		c := only(t, entries(entry("aws_instance.a", []string{"update"}, ``, tc.before, tc.after, change)))
		if c.Region != tc.want {
			t.Errorf("%s: got region %q, want %q", tc.name, c.Region, tc.want)
		}
	}
}

// The names that are recognised are those of these patterns, for what is one
// change away from a name too.
func TestNamesOfPlaces(t *testing.T) {
	region := regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	zone := regexp.MustCompile(`^([a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2})[a-z]$`)
	account := regexp.MustCompile(`^[0-9]{12}$`)
	names := []string{"", "us-east-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-10", "us-west-2a", "us-west-2-lax-1a", "us-east-1-wl1-bos-wlz-1", "123456789012"}
	const signs = "az09-A \n\x00é`{/:"
	rng := rand.New(rand.NewPCG(1, 2))
	right, wrong := 0, 0
	for range 200_000 {
		name := []byte(names[rng.IntN(len(names))])
		for range rng.IntN(3) {
			at := rng.IntN(len(name) + 1)
			var put []byte
			if rng.IntN(3) > 0 {
				put = []byte{signs[rng.IntN(len(signs))]}
			}
			name = append(append(append([]byte{}, name[:at]...), put...), name[min(at+rng.IntN(2), len(name)):]...)
		}
		s := string(name)
		want := ""
		if m := zone.FindStringSubmatch(s); m != nil {
			want = m[1]
		}
		if isRegion(s) != region.MatchString(s) || ofZone(s) != want || isAccount(s) != account.MatchString(s) {
			t.Fatalf("%q: got region %t, zone of %q, account %t; want %t, %q, %t", s, isRegion(s), ofZone(s), isAccount(s), region.MatchString(s), want, account.MatchString(s))
		}
		if isRegion(s) || want != "" || isAccount(s) {
			right++
		} else {
			wrong++
		}
	}
	if right < 1000 || wrong < 1000 {
		t.Errorf("got %d names and %d that are none, want many of either", right, wrong)
	}
}

func TestAttachmentIsWhereItsTargetGroupIs(t *testing.T) {
	c := only(t, entries(entry("aws_lb_target_group_attachment.a", []string{"delete"}, ``,
		`{"target_group_arn":"arn:aws:elasticloadbalancing:eu-west-1:210987654321:targetgroup/x/1","target_id":"i-1"}`, `null`)))
	if c.Region != "eu-west-1" || c.Account != "210987654321" {
		t.Errorf("got %q %q, want eu-west-1 210987654321", c.Region, c.Account)
	}
}

func TestRegionOfTheProviderBlock(t *testing.T) {
	const config = `"configuration":{
		"root_module":{
			"resources":[
				{"address":"aws_instance.constant","mode":"managed","type":"aws_instance","provider_config_key":"aws"},
				{"address":"aws_instance.variable","mode":"managed","type":"aws_instance","provider_config_key":"aws.west"},
				{"address":"aws_instance.secret","mode":"managed","type":"aws_instance","provider_config_key":"aws.secret"},
				{"address":"aws_instance.computed","mode":"managed","type":"aws_instance","provider_config_key":"aws.computed"},
				{"address":"aws_instance.prose","mode":"managed","type":"aws_instance","provider_config_key":"aws.prose"},
				{"address":"aws_instance.lost","mode":"managed","type":"aws_instance","provider_config_key":"aws.none"},
				{"address":"data.aws_instance.other","mode":"data","type":"aws_instance","provider_config_key":"aws"}
			],
			"module_calls":{"m":{"module":{
				"resources":[{"address":"aws_instance.own","mode":"managed","type":"aws_instance","provider_config_key":"module.m:aws"},
					{"address":"aws_instance.inherited","mode":"managed","type":"aws_instance","provider_config_key":"aws.west"}],
				"module_calls":{"n":{"module":{"resources":[{"address":"aws_instance.deep","mode":"managed","type":"aws_instance","provider_config_key":"aws"}]}}}
			}}},
			"variables":{"west":{"default":"us-west-2"},"secret":{"sensitive":true}}
		},
		"provider_config":{
			"aws":{"name":"aws","expressions":{"region":{"constant_value":"us-east-1"},"secret_key":{"constant_value":"CANARY"}}},
			"aws.west":{"name":"aws","alias":"west","expressions":{"region":{"references":["var.west"]}}},
			"aws.secret":{"name":"aws","expressions":{"region":{"references":["var.secret"]}}},
			"aws.computed":{"name":"aws","expressions":{"region":{"references":["var.west","var.name"]}}},
			"aws.prose":{"name":"aws","expressions":{"region":{"references":["var.name"]}}},
			"module.m:aws":{"name":"aws","module_address":"module.m","expressions":{"region":{"references":["var.west"]}}}
		}}`
	const variables = `"variables":{"west":{"value":"us-west-2"},"secret":{"value":"eu-west-3"},"name":{"value":"production"}}`
	want := map[string]string{
		"aws_instance.constant[0]":                    "us-east-1",
		"aws_instance.variable":                       "us-west-2",
		"aws_instance.secret":                         "",
		"aws_instance.computed":                       "",
		"aws_instance.prose":                          "",
		"aws_instance.lost":                           "",
		"aws_instance.removed":                        "",
		"module.m[0].aws_instance.own":                "", // a child module's variable is not in the plan
		`module.m["x"].aws_instance.inherited`:        "us-west-2",
		`module.m[0].module.n["y"].aws_instance.deep`: "us-east-1",
	}
	var list []string
	for address := range want {
		list = append(list, entry(address, []string{"create"}, ``, `null`, `{}`))
	}
	changes := `"resource_changes":[` + strings.Join(list, ",") + `]`
	// In whatever order the members of the plan come.
	for _, order := range [][]string{{changes, config, variables}, {variables, config, changes}, {config, changes, variables}} {
		p := decode(t, `{"format_version":"1.2",`+strings.Join(order, ",")+`}`)
		for _, c := range p.Changes {
			if c.Region != want[c.Address] {
				t.Errorf("%s: got region %q, want %q", c.Address, c.Region, want[c.Address])
			}
		}
		equalTo(t, "regions", []string{"us-east-1", "us-west-2"}, p.Regions)
	}
}

func TestRegionsAndAccountsOfThePlan(t *testing.T) {
	at := func(address, region, account string) string {
		return entry(address, []string{"no-op"}, ``, `{"arn":"arn:aws:ec2:`+region+`:`+account+`:x"}`, `{}`)
	}
	p := decode(t, `{"format_version":"1.2",
		"resource_changes":[`+at("aws_instance.b", "us-west-2", "222222222222")+`,`+at("aws_instance.a", "eu-west-1", "111111111111")+`],
		"resource_drift":[`+strings.Replace(at("aws_instance.c", "sa-east-1", "333333333333"), "no-op", "delete", 1)+`]}`)
	equalTo(t, "regions", []string{"eu-west-1", "sa-east-1", "us-west-2"}, p.Regions)
	equalTo(t, "accounts", []string{"111111111111", "222222222222", "333333333333"}, p.Accounts)
}

// In version 5 of the provider a volume attachment says nothing of where it is.
func TestAnAttachmentIsWhereItsInstanceIs(t *testing.T) {
	p := decode(t, `{"format_version":"1.2","resource_changes":[`+
		entry("aws_instance.a", []string{"no-op"}, ``, `{"id":"i-1","arn":"arn:aws:ec2:eu-west-1:111111111111:instance/i-1"}`, `{}`)+`,`+
		entry("aws_volume_attachment.v", []string{"no-op"}, ``, `{"id":"v","instance_id":"i-1"}`, `{}`)+`,`+
		entry("aws_volume_attachment.w", []string{"no-op"}, ``, `{"id":"w","instance_id":"i-2"}`, `{}`)+`]}`)
	for _, c := range p.Changes {
		if want := map[string]string{"aws_instance.a": "eu-west-1", "aws_volume_attachment.v": "eu-west-1"}[c.Address]; c.Region != want {
			t.Errorf("%s: got region %q, want %q", c.Address, c.Region, want)
		}
	}
}
