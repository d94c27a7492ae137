package proxy

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// batch collects one transaction. Nothing happens before commit.
type batch struct {
	conn  *nftables.Conn
	table *nftables.Table
	err   error
}

// elementsPerMessage keeps a message's list of elements below 64 KiB, which is
// all that a netlink attribute can hold.
const elementsPerMessage = 128

func (b *batch) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *batch) commit() error {
	if b.err != nil {
		return b.err
	}
	return b.conn.Flush()
}

func (b *batch) chain(name string) *nftables.Chain {
	return &nftables.Chain{Table: b.table, Name: name}
}

func (b *batch) addRule(chain string, exprs []expr.Any) {
	b.conn.AddRule(&nftables.Rule{Table: b.table, Chain: b.chain(chain), Exprs: exprs})
}

// verdictMap describes a map of frontends to chains.
func (b *batch) verdictMap(name string) *nftables.Set {
	key := []nftables.SetDatatype{nftables.TypeIPAddr, nftables.TypeInetProto, nftables.TypeInetService}
	if name == mapNodePorts || name == mapRefusedNP {
		key = key[1:]
	}
	return &nftables.Set{
		Table: b.table, Name: name, IsMap: true, Concatenation: true,
		KeyType: nftables.MustConcatSetType(key...), DataType: nftables.TypeVerdict,
	}
}

func (b *batch) hairpinSet() *nftables.Set {
	return &nftables.Set{
		Table: b.table, Name: setHairpin, Concatenation: true,
		KeyType: nftables.MustConcatSetType(nftables.TypeIPAddr, nftables.TypeIPAddr),
	}
}

// maxClients bounds an affinity set: further clients are balanced without memory.
const maxClients = 65536

func (b *batch) affinitySet(name string, rs ruleset) *nftables.Set {
	return &nftables.Set{
		Table: b.table, Name: name, Dynamic: true, HasTimeout: true,
		Timeout: rs.affinity[name], Size: maxClients, KeyType: nftables.TypeIPAddr,
	}
}

func (b *batch) addElements(set *nftables.Set, elems []nftables.SetElement) {
	for part := range slices.Chunk(elems, elementsPerMessage) {
		b.keep(b.conn.SetAddElements(set, part))
	}
}

func (b *batch) deleteElements(set *nftables.Set, elems []nftables.SetElement) {
	for part := range slices.Chunk(elems, elementsPerMessage) {
		b.keep(b.conn.SetDeleteElements(set, part))
	}
}

// render returns the rule's expressions; maps that it needs join the batch.
func (b *batch) render(r rule, n node) []expr.Any {
	out := origins(r.from, n)
	if r.known != "" {
		out = append(out, address(source, reg0), in(r.known))
	}
	if r.masquerade {
		out = append(out, setMark(true)...)
	}
	if r.remember != "" {
		out = append(out, address(source, reg0),
			&expr.Dynset{SrcRegKey: reg0, SetName: r.remember, Operation: unix.NFT_DYNSET_OP_UPDATE})
	}
	switch {
	case len(r.chains) > 0:
		out = append(out, b.spread(r.chains)...)
	case len(r.targets) > 0:
		out = append(out, b.translateTo(r.targets)...)
	}
	return out
}

func origins(from origin, n node) []expr.Any {
	switch from {
	case pods:
		return within(source, expr.CmpOpEq, n.pods)
	case others:
		return within(source, expr.CmpOpNeq, n.pods)
	case host:
		return localAddress(source)
	}
	return nil
}

// spread goes to one of the chains, at random.
func (b *batch) spread(chains []string) []expr.Any {
	if len(chains) == 1 {
		return gotoChain(chains[0])
	}
	elems := make([]nftables.SetElement, len(chains))
	for i, c := range chains {
		elems[i] = nftables.SetElement{Key: index(i), VerdictData: &expr.Verdict{Kind: expr.VerdictGoto, Chain: c}}
	}
	return b.random(elems, nftables.TypeVerdict, unix.NFT_REG_VERDICT)
}

// translateTo sends the connection to one of the targets, at random.
func (b *batch) translateTo(targets []netip.AddrPort) []expr.Any {
	var load []expr.Any
	if len(targets) == 1 {
		addr := targets[0].Addr().As4()
		load = []expr.Any{
			&expr.Immediate{Register: reg0, Data: addr[:]},
			&expr.Immediate{Register: reg1, Data: binaryutil.BigEndian.PutUint16(targets[0].Port())},
		}
	} else {
		elems := make([]nftables.SetElement, len(targets))
		for i, t := range targets {
			elems[i] = nftables.SetElement{Key: index(i), Val: addrPort(t)}
		}
		load = b.random(elems, nftables.MustConcatSetType(nftables.TypeIPAddr, nftables.TypeInetService), reg0)
	}
	return append(load, &expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: reg0, RegProtoMin: reg1})
}

// random puts one of the elements' values, at random, into a register.
func (b *batch) random(elems []nftables.SetElement, value nftables.SetDatatype, register uint32) []expr.Any {
	m := &nftables.Set{
		Table: b.table, Anonymous: true, Constant: true, IsMap: true,
		KeyType: nftables.TypeInteger, DataType: value,
	}
	if err := b.conn.AddSet(m, elems); err != nil {
		b.keep(fmt.Errorf("describe a map of %d endpoints: %w", len(elems), err))
	}
	return []expr.Any{
		&expr.Numgen{Register: reg0, Modulus: uint32(len(elems)), Type: unix.NFT_NG_RANDOM},
		&expr.Lookup{SourceRegister: reg0, IsDestRegSet: true, DestRegister: register, SetName: m.Name, SetID: m.ID},
	}
}
