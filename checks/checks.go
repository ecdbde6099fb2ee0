// Package checks lists the checks that holdfast runs. It decides nothing
// itself: each check is one folder beside this file and sees only its pass.
package checks

import (
	"github.com/holdfast-gate/holdfast/checks/attachments"
	"github.com/holdfast-gate/holdfast/checks/budget"
	"github.com/holdfast-gate/holdfast/checks/certifiable"
	"github.com/holdfast-gate/holdfast/checks/drifted"
	"github.com/holdfast-gate/holdfast/checks/fresh"
	"github.com/holdfast-gate/holdfast/checks/lastcopy"
	"github.com/holdfast-gate/holdfast/checks/lifecyclewidened"
	"github.com/holdfast-gate/holdfast/checks/quorum"
	"github.com/holdfast-gate/holdfast/checks/replicationlive"
	"github.com/holdfast-gate/holdfast/checks/scope"
	"github.com/holdfast-gate/holdfast/checks/settled"
	"github.com/holdfast-gate/holdfast/checks/sick"
	"github.com/holdfast-gate/holdfast/checks/standby"
	"github.com/holdfast-gate/holdfast/checks/storage"
	"github.com/holdfast-gate/holdfast/checks/survivorfloor"
	"github.com/holdfast-gate/holdfast/checks/target"
	"github.com/holdfast-gate/holdfast/checks/unmanaged"
	"github.com/holdfast-gate/holdfast/checks/zonefloor"
	"github.com/holdfast-gate/holdfast/gate"
)

// Suite returns every check, in the order a reader would ask the questions: is
// this plan one that can be judged, is it about the right world, is that world
// as recorded and at rest, and what is left of each cluster.
func Suite() []*gate.Check {
	return []*gate.Check{
		certifiable.Check(),
		target.Check(),
		fresh.Check(),
		scope.Check(),
		drifted.Check(),
		unmanaged.Check(),
		settled.Check(),
		sick.Check(),
		attachments.Check(),
		storage.Check(),
		survivorfloor.Check(),
		quorum.Check(),
		budget.Check(),
		zonefloor.Check(),
		replicationlive.Check(),
		lastcopy.Check(),
		standby.Check(),
		lifecyclewidened.Check(),
	}
}
