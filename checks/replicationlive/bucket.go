package replicationlive

import (
	"cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

// bucket says what a change does to a bucket that copies to another, or is
// copied to. That its replication ends by itself is what this check asks for;
// whether a backup is lost with it is for another.
func bucket(c gate.Change) []end {
	if c.Type != "aws_s3_bucket" || !c.Action.Ends() {
		return nil
	}
	return []end{{kind: gate.KindBucket, id: cmp.Or(c.Before.String("bucket"), c.ID), verb: deletes(c), what: "bucket",
		sources: []string{gate.SourceReplicas, gate.SourceBuckets}, harm: unbucketed}}
}

// unbucketed is what the end of a bucket does to the other end of a rule. Whoever
// empties it by hand first writes delete markers, and a rule that copies those
// hides every object there too; the provider removes versions, which no rule
// copies (S3 User Guide, "What does Amazon S3 replicate?").
func unbucketed(l gate.Link) string {
	if l.To == "store" {
		return "it fails to copy what it gets from then on"
	}
	return "what has not been copied yet never is"
}
