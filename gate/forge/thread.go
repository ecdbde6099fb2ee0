package forge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// A thread is the comments of a pull or merge request, one of which is kept for
// each subject.
type thread struct {
	*Client
	list    string // path of the list, and of what is added to it
	item    string // path of one of them, before its number
	verb    string // that changes one
	current func(context.Context) (head string, err error)
}

// A comment is one of GitHub's or GitLab's.
type comment struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
	User struct {
		Login string `json:"login"`
	} `json:"user"`
	Author struct {
		Username string `json:"username"`
	} `json:"author"`
	System bool `json:"system"` // GitLab wrote it itself
}

// A mark is the first line of a comment of ours, which shows nowhere: whose it
// is, what it is about, and when that was judged. A comment that has it
// elsewhere quotes it.
type mark struct {
	key, head string
	at        time.Time
}

var marks = lazy.MustCompile(`^<!-- holdfast review=([0-9a-f]{32}) head=([0-9a-f]{40,64}) at=([0-9TZ:.-]+) -->\r?\n`)

func (m mark) String() string {
	return fmt.Sprintf("<!-- holdfast review=%s head=%s at=%s -->\n", m.key, m.head, m.at.UTC().Format(time.RFC3339Nano))
}

func markOf(body string) (mark, bool) {
	found := marks().FindStringSubmatch(body)
	if found == nil {
		return mark{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, found[3])
	return mark{found[1], found[2], at}, err == nil
}

// markSize is more than a mark ever takes.
const markSize = 200

// errSuperseded says that a comment about another commit, or a later one about
// the same, is to stand.
var errSuperseded = errors.New("superseded")

// rounds is how often the thread is looked at. A round ends with one change at
// most, so that two jobs come to agree, and three are enough for one of them.
const rounds = 8

// keep makes a comment the only one of mine about its subject. It looks, changes
// one thing and looks again, until there is nothing to change: of several the
// oldest is kept, the newest is what it says, and the others go. Two jobs that
// look at the same time each make a comment, and both remove the same one.
// Somebody else's comment is never touched, whatever it quotes.
//
// No forge has a compare-and-swap. A job that is held up between its last look
// and its change can undo the change of another for the same commit; for
// another commit it finds that the change has moved on.
func (t *thread) keep(ctx context.Context, me string, m mark, text string) error {
	body, wrote := m.String()+text, false
	for range rounds {
		mine, err := t.mine(ctx, me, m.key)
		if err != nil {
			return err
		}
		newest, theirs := body, false
		for _, c := range mine {
			if other, _ := markOf(c.Body); other.head == m.head && later(c.Body, newest) {
				newest, theirs = c.Body, true
			}
		}
		switch {
		case len(mine) > 0 && same(mine[0].Body, newest, wrote) && len(mine) == 1:
			if theirs {
				return errSuperseded
			}
			return nil
		case len(mine) > 0 && same(mine[0].Body, newest, wrote):
			err = t.remove(ctx, mine[len(mine)-1].ID)
		default:
			if err := t.stands(ctx, m.head); err != nil {
				return err
			}
			wrote = true
			if len(mine) == 0 {
				_, err = t.do(ctx, call{method: http.MethodPost, path: t.list, in: map[string]string{"body": newest}, once: true})
			} else {
				_, err = t.do(ctx, call{method: t.verb, path: fmt.Sprint(t.item, mine[0].ID), in: map[string]string{"body": newest}})
			}
		}
		// The next look shows whether it was done; somebody else may have.
		if unsure(err) {
			err = t.Sleep(ctx, backoff)
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("the comment could not be kept: after %d looks it is still not there or not alone", rounds)
}

// mine are my comments about a subject, oldest first.
func (t *thread) mine(ctx context.Context, me, key string) ([]comment, error) {
	all, err := list[comment](ctx, t.Client, t.list+"?per_page=100&sort=asc&order_by=created_at")
	all = slices.DeleteFunc(all, func(c comment) bool {
		m, ok := markOf(c.Body)
		return !ok || c.System || m.key != key || cmp.Or(c.User.Login, c.Author.Username) != me
	})
	slices.SortFunc(all, func(a, b comment) int { return cmp.Compare(a.ID, b.ID) })
	return all, err
}

// remove takes a comment away; somebody else may have done so.
func (t *thread) remove(ctx context.Context, id int64) error {
	_, err := t.do(ctx, call{method: http.MethodDelete, path: fmt.Sprint(t.item, id)})
	var r *refusal
	if errors.As(err, &r) && r.status == http.StatusNotFound {
		return nil
	}
	return err
}

// stands returns errSuperseded if the change has moved on.
func (t *thread) stands(ctx context.Context, head string) error {
	now, err := t.current(ctx)
	if err == nil && now != head {
		return errSuperseded
	}
	return err
}

// same reports whether a comment says what it should. A forge may store white
// space as it likes, so of what we wrote only the mark is compared.
func same(got, want string, wrote bool) bool {
	a, _ := markOf(got)
	b, _ := markOf(want)
	return strings.TrimSpace(strings.ReplaceAll(got, "\r\n", "\n")) == strings.TrimSpace(want) || wrote && a == b
}

// later reports whether the comment a was judged after b. Of two of the same
// instant any will do, if only it is the same one for everybody.
func later(a, b string) bool {
	x, _ := markOf(a)
	y, _ := markOf(b)
	return cmp.Or(x.at.Compare(y.at), cmp.Compare(strings.TrimSpace(a), strings.TrimSpace(b))) > 0
}
