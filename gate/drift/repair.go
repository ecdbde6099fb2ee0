package drift

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// A Step is one part of a way out: why, and text that is ready to paste.
type Step struct {
	Why  string `json:"why"`
	Text string `json:"text"`
}

// Where says where the configuration sets an attribute of an address,
// "main.tf:27"; empty where it is not known.
type Where func(address, attribute string) string

// Around is what a difference is seen in: all of the same comparison, what is
// live, what was recorded, and where the configuration says what.
type Around struct {
	All      []Difference
	Live     *gate.Snapshot
	Recorded []gate.Change
	Where    Where
}

// Repair is the way out of one difference: the ways to keep what is live, and
// what restores what was recorded.
func Repair(d Difference, a Around) []Step {
	switch d.Code {
	case Size:
		return size(d, a)
	case Surplus:
		return nil // its size says it
	case Template, Attribute:
		return attribute(d, a.Where)
	case Tags, Membership:
		return tagged(d)
	case Gone, Stopped:
		return lost(d, a)
	case Renamed:
		return []Step{
			{"Let Terraform forget the member that is gone", forget(d.Address)},
			{"then know the one that has its place: paste this beside the configuration, and apply", importBlock(d.Address, d.Live)},
		}
	case Twice:
		other := strings.Split(d.Recorded, ", ")[1]
		return []Step{{"Let one address go, and take its block out of the configuration; the member stays as it is", forget(other)}}
	case Unmanaged:
		return adopt(d, a)
	case Generations:
		if d.store.ID != "" {
			return upgrade(d)
		}
		return rollout(d, a)
	case Detached, Port, Target:
		return placed(d, a)
	}
	return nil
}

// rollout ends a mixture of generations. A group does so by itself, from the
// template that it has now.
func rollout(d Difference, a Around) []Step {
	if d.Ref == "" {
		return oneByOne(d, a)
	}
	return []Step{{"Finish the rollout, once nothing else moves: the group replaces what was not made from the template that it has now, and makes the new one first",
		fmt.Sprintf("aws autoscaling start-instance-refresh --region %[1]s --auto-scaling-group-name %[2]s --preferences MinHealthyPercentage=100,MaxHealthyPercentage=110,SkipMatching=true\nholdfast status --region %[1]s   # until the refresh of %[2]s is over", d.Region, quote(d.Ref))}}
}

// oneByOne replaces the recorded members that are older than the youngest and
// not made as it was. To change the image alone would replace all of them at
// once.
func oneByOne(d Difference, a Around) []Step {
	var youngest gate.Member
	for _, m := range a.Live.Members {
		if slices.Contains(d.Members, m.ID) && m.Phase != gate.Leaving && m.Launched.After(youngest.Launched) {
			youngest = m
		}
	}
	var lines []string
	seen := map[string]bool{}
	for _, c := range a.Recorded {
		i := slices.IndexFunc(a.Live.Members, func(m gate.Member) bool { return c.Type == "aws_instance" && c.ID == m.ID && c.Deposed == "" })
		if i < 0 || !slices.Contains(d.Members, c.ID) {
			continue
		}
		m := a.Live.Members[i]
		if m.Phase == gate.Leaving || alike(m, youngest) {
			continue
		}
		resource := gate.Unkeyed(c.Address)
		if image := youngest.Attrs["ami"]; !seen[resource] && m.Attrs["ami"] != image {
			lines = append(lines, edit(Difference{Code: Template, Address: c.Address, Attribute: "ami", Live: image}, a.Where), "lifecycle { ignore_changes = [ami] }"+at(a, c.Address, "lifecycle"))
		}
		seen[resource] = true
		lines = append(lines, "holdfast apply "+quote("-replace="+c.Address), "holdfast status --region "+d.Region+"   # until it serves")
	}
	if len(lines) == 0 {
		return []Step{{"Nobody of them is recorded but those made last. Import the others first, or wait until they are gone", "holdfast drift"}}
	}
	return []Step{{fmt.Sprintf("If all should be made as %s was, the youngest: finish the rollout, one at a time. ignore_changes keeps Terraform from replacing all of them at once; add to it where there is one. If not, let that one go in the same way", youngest.ID), strings.Join(lines, "\n")}}
}

// alike reports whether two members were made alike, as far as is known.
func alike(a, b gate.Member) bool {
	return a.Attrs["ami"] == b.Attrs["ami"] && a.Attrs["launch_template"] == b.Attrs["launch_template"] && a.Attrs["instance_profile"] == b.Attrs["instance_profile"]
}

// at says where something is to be written, as a comment.
func at(a Around, address, attribute string) string {
	if where := a.Where(address, attribute); where != "" {
		return "   # " + where
	}
	return "   # in the block of " + address
}

const record = "holdfast apply -refresh-only   # records what is live; changes nothing in AWS"

func size(d Difference, a Around) []Step {
	keep := Step{"To keep what is live", edit(d, a.Where) + "\n" + record}
	flag := map[string]string{"desired_capacity": "desired-capacity", "min_size": "min-size", "max_size": "max-size"}[d.Attribute]
	restore := fmt.Sprintf("aws autoscaling update-auto-scaling-group --region %s --auto-scaling-group-name %s --%s %s", d.Region, quote(d.Ref), flag, d.Recorded)
	var good, dying []string
	for _, m := range a.Live.Members {
		switch {
		case m.Group != d.Ref || m.Region != d.Region:
		case m.Phase == gate.Leaving:
			dying = append(dying, m.ID)
		case m.Phase != gate.Gone && m.Phase != gate.Failed && !stopped(m): // how well they serve may not have been read
			good = append(good, m.ID)
		}
	}
	if d.Attribute != "desired_capacity" || len(dying) == 0 || len(good) == 0 {
		return []Step{keep, {"To restore what was recorded, once nothing moves", restore}}
	}
	return []Step{keep, {
		fmt.Sprintf("To restore what was recorded while %s: protect those that serve, let the others go, settle, then lower the size", gate.Count(len(dying), "member")+" shut down"),
		fmt.Sprintf("aws autoscaling set-instance-protection --region %[1]s --auto-scaling-group-name %[2]s --protected-from-scale-in --instance-ids %[3]s\nholdfast status --region %[1]s   # until nobody of %[4]s is shutting down and all that replaced them serve\n%[5]s\nholdfast status --region %[1]s   # until %[2]s has no more than it should\naws autoscaling set-instance-protection --region %[1]s --auto-scaling-group-name %[2]s --no-protected-from-scale-in --instance-ids %[3]s",
			d.Region, quote(d.Ref), strings.Join(good, " "), d.Cluster, restore),
	}}
}

func stopped(m gate.Member) bool { return m.Phase == gate.Steady && m.Serving == gate.ServingNo }

func attribute(d Difference, where Where) []Step {
	out := []Step{{"To keep what is live", edit(d, where) + "\n" + record}}
	if restore := restored(d); restore != "" {
		out = append(out, Step{"To restore what was recorded", restore})
	}
	return out
}

// restored is the AWS call that restores an attribute; empty where none does
// without replacing the member.
func restored(d Difference) string {
	group := fmt.Sprintf("--region %s --auto-scaling-group-name %s", d.Region, quote(d.Ref))
	switch d.Attribute {
	case "launch_template":
		id, version, _ := strings.Cut(d.Recorded, ":")
		return fmt.Sprintf("aws autoscaling update-auto-scaling-group %s --launch-template %s", group, quote("LaunchTemplateId="+id+",Version="+version))
	case "launch_configuration":
		return fmt.Sprintf("aws autoscaling update-auto-scaling-group %s --launch-configuration-name %s", group, quote(d.Recorded))
	case "suspended_processes":
		resume, suspend := change(d.Live, d.Recorded)
		return calls("aws autoscaling resume-processes "+group+" --scaling-processes ", resume, "aws autoscaling suspend-processes "+group+" --scaling-processes ", suspend)
	case "target_group_arns":
		detach, attach := change(d.Live, d.Recorded)
		return calls("aws autoscaling detach-load-balancer-target-groups "+group+" --target-group-arns ", detach, "aws autoscaling attach-load-balancer-target-groups "+group+" --target-group-arns ", attach)
	case "availability_zones":
		_, zones := change("[]", d.Recorded)
		return calls("", nil, "aws autoscaling update-auto-scaling-group "+group+" --availability-zones ", zones)
	case "vpc_zone_identifier":
		_, subnets := change("[]", d.Recorded)
		return fmt.Sprintf("aws autoscaling update-auto-scaling-group %s --vpc-zone-identifier %s", group, quote(strings.Join(subnets, ",")))
	case protection:
		flag := "--no-new-instances-protected-from-scale-in"
		if d.Recorded == "true" {
			flag = "--new-instances-protected-from-scale-in"
		}
		return fmt.Sprintf("aws autoscaling update-auto-scaling-group %s %s", group, flag)
	case "instance_type":
		return fmt.Sprintf("# this stops the member; one at a time, and only while the others serve\naws ec2 stop-instances --region %[1]s --instance-ids %[2]s && aws ec2 wait instance-stopped --region %[1]s --instance-ids %[2]s &&\n  aws ec2 modify-instance-attribute --region %[1]s --instance-id %[2]s --instance-type %[3]s && aws ec2 start-instances --region %[1]s --instance-ids %[2]s", d.Region, d.Ref, quote(d.Recorded))
	}
	return ""
}

// change is what is only in one of two lists.
func change(live, recorded string) (gone, added []string) {
	a, b := words(live), words(recorded)
	for _, w := range a {
		if !slices.Contains(b, w) {
			gone = append(gone, w)
		}
	}
	for _, w := range b {
		if !slices.Contains(a, w) {
			added = append(added, w)
		}
	}
	return gone, added
}

// words takes a list apart that text wrote.
func words(list string) []string {
	if list == "nothing" || list == "[]" {
		return nil
	}
	var out []string
	for w := range strings.SplitSeq(strings.Trim(list, "[]"), ",") {
		out = append(out, strings.Trim(w, `"`))
	}
	return out
}

func calls(first string, a []string, second string, b []string) string {
	var out []string
	for _, c := range []struct {
		call string
		of   []string
	}{{first, a}, {second, b}} {
		if len(c.of) == 0 {
			continue
		}
		for _, w := range c.of {
			c.call += quote(w) + " "
		}
		out = append(out, strings.TrimRight(c.call, " "))
	}
	return strings.Join(out, "\n")
}

func tagged(d Difference) []Step {
	key, value, there := strings.Cut(d.Recorded, "=")
	if !there {
		key = strings.TrimPrefix(d.Recorded, "no ")
	}
	var restore string
	group := strings.Contains(d.Address, "aws_autoscaling_group.")
	switch {
	case group && there:
		restore = fmt.Sprintf("aws autoscaling create-or-update-tags --region %s --tags %s", d.Region, quote(fmt.Sprintf("ResourceId=%s,ResourceType=auto-scaling-group,Key=%s,Value=%s,PropagateAtLaunch=true", d.Ref, key, value)))
	case group:
		restore = fmt.Sprintf("aws autoscaling delete-tags --region %s --tags %s", d.Region, quote(fmt.Sprintf("ResourceId=%s,ResourceType=auto-scaling-group,Key=%s", d.Ref, key)))
	case there:
		restore = fmt.Sprintf("aws ec2 create-tags --region %s --resources %s --tags %s", d.Region, d.Ref, quote("Key="+key+",Value="+value))
	default:
		restore = fmt.Sprintf("aws ec2 delete-tags --region %s --resources %s --tags %s", d.Region, d.Ref, quote("Key="+key))
	}
	return []Step{{"To restore what was recorded", restore}, {"To keep what is live, change the tags in the configuration, then", record}}
}

// lost is the way out for a recorded member that is gone, or going for good.
func lost(d Difference, a Around) []Step {
	if d.Live == "stopped" {
		return []Step{{"To restore what was recorded", fmt.Sprintf("aws ec2 start-instances --region %s --instance-ids %s", d.Region, d.Ref)}}
	}
	out := []Step{{"It does not come back. Wait until it is gone, then let Terraform replace it; removing a dead member is always allowed", "holdfast --wait 10m apply"}}
	return append(out, closeRanks(d, a)...)
}

// closeRanks moves those that live of a counted resource into the places of
// those that do not, so that lowering its count removes the dead ones and not
// the good. It is told once, with the first that is lost.
func closeRanks(d Difference, a Around) []Step {
	resource, first := counted(d.Address)
	if first < 0 {
		return nil
	}
	dead := map[int]bool{}
	for _, o := range a.All {
		if r, i := counted(o.Address); r == resource && i >= 0 && passing(o) {
			dead[i] = true
			first = min(first, i)
		}
	}
	var all []int
	for _, c := range a.Recorded {
		if r, i := counted(c.Address); r == resource && i >= 0 && c.Deposed == "" {
			all = append(all, i)
		}
	}
	slices.Sort(all)
	if _, i := counted(d.Address); i != first || len(dead) >= len(all) {
		return nil
	}
	left := len(all) - len(dead)
	var forgets, moves []string
	var free, over []int
	for _, i := range all {
		switch {
		case dead[i]:
			forgets = append(forgets, forget(place(resource, i)))
			if i < left {
				free = append(free, i)
			}
		case i >= left:
			over = append(over, i)
		}
	}
	if len(free) == 0 || len(free) != len(over) {
		return nil
	}
	for k, i := range free {
		moves = append(moves, fmt.Sprintf("moved {\n  from = %s\n  to = %s\n}", place(resource, over[k]), place(resource, i)))
	}
	return []Step{
		{fmt.Sprintf("Or, to lower the count of %s to the %d that live: first let Terraform forget the others", resource, left), strings.Join(forgets, "\n")},
		{fmt.Sprintf("then move those that live into their places: paste this beside the configuration, set count = %d, and apply", left), strings.Join(moves, "\n")},
	}
}

// counted takes the address of an instance of a counted resource apart; the
// index of any other is -1.
func counted(address string) (resource string, index int) {
	at := strings.LastIndex(address, "[")
	key, ok := strings.CutSuffix(address[at+1:], "]")
	n, err := strconv.Atoi(key)
	if err != nil || !ok || at < 0 {
		return address, -1
	}
	return address[:at], n
}

func place(resource string, index int) string { return fmt.Sprintf("%s[%d]", resource, index) }

// passing reports whether a difference is that of a member that is gone, or
// going for good.
func passing(d Difference) bool {
	return d.Code == Gone || d.Code == Stopped && !slices.Contains([]string{"stopped", "stopping", "pending"}, d.Live)
}

// adopt lets Terraform know members made by hand. Of a counted resource whose
// recorded members are dying they take the places, so that its count stays;
// else they are added behind them.
func adopt(d Difference, a Around) []Step {
	var places []string // addresses of recorded members that are dying or gone, of one resource
	for _, o := range a.All {
		if o.Cluster == d.Cluster && passing(o) && strings.HasSuffix(o.Address, "]") {
			places = append(places, o.Address)
		}
	}
	slices.Sort(places)
	if len(places) >= len(d.Members) {
		var forgets, imports []string
		for i, id := range d.Members {
			forgets = append(forgets, forget(places[i]))
			imports = append(imports, importBlock(places[i], id))
		}
		return []Step{
			{"The recorded members are going: first let Terraform forget them, they go on dying by themselves", strings.Join(forgets, "\n")},
			{"then put those made by hand in their places: paste this beside the configuration, and apply", strings.Join(imports, "\n")},
		}
	}
	var blocks []string
	for _, id := range d.Members {
		i := slices.IndexFunc(a.Live.Members, func(m gate.Member) bool { return m.ID == id })
		name := strings.ReplaceAll("adopted_"+strings.TrimPrefix(id, "i-"), "-", "_")
		blocks = append(blocks, importBlock("aws_instance."+name, id)+"\n"+resource(name, a.Live.Members[i]))
	}
	return []Step{{"Paste this beside the configuration, and apply: it imports them and changes nothing", strings.Join(blocks, "\n")}}
}

func importBlock(address, id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %s\n}", address, hcl(id))
}

func forget(address string) string { return "terraform state rm " + quote(address) }

// resource declares a live member as it is.
func resource(name string, m gate.Member) string {
	var b strings.Builder
	fmt.Fprintf(&b, "resource \"aws_instance\" %s {\n  ami           = %s\n  instance_type = %s\n", hcl(name), hcl(m.Attrs["ami"]), hcl(m.Attrs["instance_type"]))
	if m.Subnet != "" {
		fmt.Fprintf(&b, "  subnet_id     = %s\n", hcl(m.Subnet))
	}
	b.WriteString("\n  tags = {\n")
	var keys []string
	for k := range m.Tags {
		if !strings.HasPrefix(k, "aws:") {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(&b, "    %s = %s\n", hcl(k), hcl(m.Tags[k]))
	}
	b.WriteString("  }\n}")
	return b.String()
}

// edit is the attribute to change, and where.
func edit(d Difference, where Where) string {
	at := where(d.Address, d.Attribute)
	if at == "" {
		at = "in the block of " + d.Address
	}
	name, value := d.Attribute, d.Live
	switch {
	case name == "launch_template":
		_, version, _ := strings.Cut(value, ":")
		name, value, at = "version", hcl(version), at+", of its launch_template"
	case value == "nothing":
		value = "null"
	case d.Code != Size && d.Code != Port && name != protection && !strings.HasPrefix(value, "["):
		value = hcl(value)
	}
	return fmt.Sprintf("%s = %s   # %s", name, value, at)
}

// hcl quotes a text for HCL: nothing in it is evaluated.
func hcl(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(b))
}

// quote quotes a word for a shell, where it needs it.
func quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=@", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
