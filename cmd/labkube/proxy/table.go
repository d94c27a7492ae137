package proxy

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// tableName is the kernel table's. It holds nothing but the proxy's.
const tableName = "labctl-services"

// socketBuffer must hold the largest transaction, and all its acknowledgements.
const socketBuffer = 16 << 20

// table is the proxy's table in the kernel. It is not safe for concurrent use.
type table struct {
	node node
	log  *slog.Logger

	applied    *ruleset // what the kernel holds, nil if unknown
	generation uint32   // the kernel's, right after our last commit

	// Both sockets stay open: closing one makes the kernel wait until it has
	// freed what the last commits replaced, which takes it 10 ms and more.
	commits *nftables.Conn
	asks    *netlink.Conn
}

// sync makes the kernel hold the ruleset, in one transaction: what changed, or
// everything if the table is new, not as we left it, or refuses the change.
func (t *table) sync(want ruleset) error {
	if t.applied != nil && t.untouched() {
		err := t.update(want)
		if err == nil {
			return nil
		}
		t.log.Warn("service proxy: changing the rules failed, writing all anew", "error", err)
	}
	t.applied = nil
	return t.replace(want)
}

func (t *table) update(want ruleset) error {
	c := diff(*t.applied, want)
	if c.empty() {
		return nil
	}
	b, err := t.begin()
	if err != nil {
		return err
	}
	b.apply(c, t.node)
	return t.finish(b, want)
}

// replace writes the whole table anew. Clients keep their endpoints: what the
// affinity sets remember is carried over.
func (t *table) replace(want ruleset) error {
	b, err := t.begin()
	if err != nil {
		return err
	}
	remembered := t.remembered(want)
	b.conn.AddTable(b.table) // deleting fails where there is none
	b.conn.DelTable(b.table)
	b.conn.AddTable(b.table)
	b.addBase(t.node)
	b.apply(diff(newRuleset(), want), t.node)
	for name, clients := range remembered {
		b.addElements(b.affinitySet(name, want), clients)
	}
	return t.finish(b, want)
}

// finish commits the batch, after which the kernel holds the ruleset.
func (t *table) finish(b *batch, want ruleset) error {
	before, err := t.ask()
	if err == nil {
		err = b.commit()
	}
	if err != nil {
		t.close() // with what is buffered, and answers that nobody reads
		return fmt.Errorf("program nf_tables: %w (is nf_tables with NAT in the kernel, and CAP_NET_ADMIN at hand?)", err)
	}
	t.applied, t.generation = &want, before+1
	return nil
}

// untouched says that nobody has committed anything since we did.
func (t *table) untouched() bool {
	now, err := t.ask()
	return err == nil && now == t.generation
}

// remove deletes the table, if there is one, and closes the sockets.
func (t *table) remove() error {
	defer t.close()
	b, err := t.begin()
	if err != nil {
		return err
	}
	b.conn.AddTable(b.table)
	b.conn.DelTable(b.table)
	t.applied = nil
	return b.commit()
}

// begin starts a transaction.
func (t *table) begin() (*batch, error) {
	if t.commits == nil {
		conn, err := nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *netlink.Conn) error {
			return errors.Join(c.SetWriteBuffer(socketBuffer), c.SetReadBuffer(socketBuffer))
		}))
		if err != nil {
			return nil, fmt.Errorf("open a netlink socket: %w", err)
		}
		t.commits = conn
	}
	return &batch{conn: t.commits, table: &nftables.Table{Family: nftables.TableFamilyIPv4, Name: tableName}}, nil
}

// ask returns the kernel's current generation.
func (t *table) ask() (uint32, error) {
	if t.asks == nil {
		conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
		if err != nil {
			return 0, fmt.Errorf("open a netlink socket: %w", err)
		}
		t.asks = conn
	}
	return generation(t.asks)
}

// close closes the sockets. The table opens others if it is used again.
func (t *table) close() {
	if t.commits != nil {
		_ = t.commits.CloseLasting() // nothing is buffered: it cannot matter
		t.commits = nil
	}
	if t.asks != nil {
		_ = t.asks.Close()
		t.asks = nil
	}
}

// remembered reads the clients of those affinity sets that the ruleset keeps.
// What cannot be read is forgotten: there may be no table yet.
func (t *table) remembered(want ruleset) map[string][]nftables.SetElement {
	out := map[string][]nftables.SetElement{}
	conn, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return out
	}
	defer func() { _ = conn.CloseLasting() }() // only read from
	tbl := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: tableName}
	for _, name := range slices.Sorted(maps.Keys(want.affinity)) {
		elems, err := conn.GetSetElements(&nftables.Set{Table: tbl, Name: name})
		if err != nil {
			continue
		}
		for _, e := range elems {
			if e.Expires > 0 {
				out[name] = append(out[name], nftables.SetElement{Key: e.Key, Timeout: e.Expires})
			}
		}
	}
	return out
}
