package lastcopy

import "github.com/holdfast-gate/holdfast/gate"

// volume says what a change does to an EBS volume. The provider makes a last
// snapshot only if final_snapshot is set, which it is not by default
// (aws-semantics 1.2.16).
func volume(c gate.Change) []loss {
	if c.Type != "aws_ebs_volume" || !c.Action.Ends() {
		return nil
	}
	l := loss{kind: gate.KindVolume, id: c.ID, verb: "delete", what: "volume", sources: []string{gate.SourceVolumes, gate.SourceSnapshots}, because: " without a final snapshot"}
	if c.Action != gate.Delete {
		l.verb = "replace"
	}
	if c.Before["final_snapshot"] == true {
		l.final, l.because = "of "+c.ID, ""
	}
	return []loss{l}
}
