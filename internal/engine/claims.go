package engine

import (
	"fmt"
	"slices"

	"slipway/internal/workflow"
)

// maxWaiting is how many may wait for a group with `queue: max`.
const maxWaiting = 100

// claims keeps what the run claims of the concurrency groups.
type claims struct {
	*view
	groups groupSet
}

// take claims a group for n, or for the run as a whole when n is nil. GitHub:
// one holds a group, one waits, and a newer one replaces the one that waits;
// `queue: max` lets more wait; cancel-in-progress also ends the holder.
// It reports whether n is first; refused says why n can't even wait.
func (c *claims) take(n *node, want workflow.Concurrency) (first bool, refused string) {
	own := c.of(n, foldGroup(want.Group))
	if place := c.groups.place(own); place >= 0 {
		return place == 0, ""
	}
	earlier := c.groups.claims(own.Group)
	if len(earlier) > maxWaiting && want.Queue == "max" {
		return false, fmt.Sprintf("Canceling since the concurrency group '%s' has %d waiting already", want.Group, maxWaiting)
	}
	var replaced, stay []Claim
	for i, other := range earlier {
		if (i == 0 && want.CancelInProgress || i > 0 && want.Queue != "max") && !own.inside(other) {
			replaced = append(replaced, other)
		} else {
			stay = append(stay, other)
		}
	}
	if with, found := c.groups.deadlock(own, stay); found {
		return false, c.whyDeadlock(n, want.Group, with)
	}
	for _, other := range replaced {
		c.evict(other, other.same(earlier[0]), fmt.Sprintf(
			"Canceling since a higher priority waiting request for '%s' exists", want.Group))
	}
	c.add(own)
	return c.groups.place(own) == 0, ""
}

// of is the claim of n, or of the run when n is nil, to a group.
func (c *claims) of(n *node, group string) Claim {
	own := Claim{Group: group, Run: c.run.ID}
	if n != nil {
		own.Job = n.job.ID
	}
	return own
}

func (c *claims) add(own Claim) {
	own.Since = c.now
	c.groups.append(own)
	c.out.Claims = append(c.out.Claims, own)
}

// evict cancels who has a claim. One that holds the group keeps it to its end.
func (c *claims) evict(other Claim, holding bool, reason string) {
	if !holding {
		c.release(other)
	}
	if other.Run != c.run.ID {
		c.out.Evictions = append(c.out.Evictions, Eviction{other, reason})
		return
	}
	if n := c.node(other.Job); n != nil {
		c.requestCancel(n, CancelRequest{At: c.now, Reason: reason})
	}
}

// release removes a claim, whether it is old or was made by this decision.
func (c *claims) release(claim Claim) {
	if !c.groups.release(claim) {
		return
	}
	if i := slices.IndexFunc(c.out.Claims, claim.same); i >= 0 {
		c.out.Claims = slices.Delete(c.out.Claims, i, i+1)
		return
	}
	c.out.Releases = append(c.out.Releases, claim)
}

// releaseAll gives back what an ended job claimed, and looks again at those
// of this run that waited for it.
func (c *claims) releaseAll(n *node) {
	groups := c.job(n).Groups
	if len(groups) == 0 {
		return
	}
	c.edit(n).Groups = nil
	for _, group := range groups {
		c.release(c.of(n, group))
		left := c.groups.claims(group)
		if len(left) == 0 || left[0].Run != c.run.ID || left[0].Job == "" {
			continue
		}
		if holder := c.node(left[0].Job); holder != nil {
			c.push(holder)
		}
	}
}

// first reports whether n (the run when nil) is first in all of these groups.
// A claim that got lost is made again.
func (c *claims) first(n *node, groups ...string) bool {
	first := true
	for _, group := range groups {
		own := c.of(n, group)
		if c.groups.place(own) < 0 {
			c.add(own)
		}
		first = first && c.groups.place(own) == 0
	}
	return first
}

// whyDeadlock words a deadlock as GitHub does.
func (c *claims) whyDeadlock(n *node, group string, with Claim) string {
	other := "top level workflow"
	if holder := c.node(with.Job); holder != nil {
		other = c.job(holder).Display
	}
	return fmt.Sprintf("Canceling since a deadlock for concurrency group '%s' was detected between '%s' and '%s'",
		group, other, c.job(n).Display)
}
