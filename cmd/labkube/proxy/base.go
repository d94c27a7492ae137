package proxy

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// setHairpin holds pairs of one pod's address twice.
const setHairpin = "hairpin"

// Packets that arrive and packets made here both pass these chains: one looks
// for a Service, the other refuses what has found none.
const (
	chainServices = "services"
	chainRefused  = "refused"
)

// hook is a base chain: where in a packet's way it is, and its rules.
type hook struct {
	name     string
	kind     nftables.ChainType
	at       *nftables.ChainHook
	priority nftables.ChainPriority
	rules    [][]expr.Any
}

const (
	beforeConntrack nftables.ChainPriority = -300
	translate       nftables.ChainPriority = -100
	translateAgain  nftables.ChainPriority = -99
	afterTranslate  nftables.ChainPriority = -90
	filter          nftables.ChainPriority = 0
	translateSource nftables.ChainPriority = 100
)

// hooks returns the base chains, which depend on the node alone.
//
// Connections that no Service took are looked up a second time. A commit is not
// quite atomic for a packet that is in the middle of a chain: it goes on in the
// old rules, which find their maps already empty. The second chain sees the new
// rules. (Without it, one in some 400 commits loses a connection under load.)
func hooks(n node) []hook {
	services := [][]expr.Any{jump(chainServices)}
	refuse := [][]expr.Any{jump(chainRefused)}
	return []hook{
		{"guard", nftables.ChainTypeFilter, nftables.ChainHookPrerouting, beforeConntrack, guardRules()},
		{"prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, translate, services},
		{"output", nftables.ChainTypeNAT, nftables.ChainHookOutput, translate, services},
		{"prerouting-again", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, translateAgain, services},
		{"output-again", nftables.ChainTypeNAT, nftables.ChainHookOutput, translateAgain, services},
		{"refuse-prerouting", nftables.ChainTypeFilter, nftables.ChainHookPrerouting, afterTranslate, refuse},
		{"refuse-output", nftables.ChainTypeFilter, nftables.ChainHookOutput, afterTranslate, refuse},
		{"forward", nftables.ChainTypeFilter, nftables.ChainHookForward, filter, forwardRules()},
		{"postrouting", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, translateSource, postroutingRules(n)},
	}
}

// commonChains returns the chains that hooks and verdict maps lead to.
func commonChains(n node) map[string][][]expr.Any {
	return map[string][][]expr.Any{
		chainServices: {
			toChainOf(mapServices, true),
			exprs(localAddress(destination), toChainOf(mapNodePorts, false)),
		},
		chainRefused: refusedRules(n),
		chainReject:  rejectRules(),
		chainDrop:    {verdict(expr.VerdictDrop)},
	}
}

// guardRules keep others off what listens on 127.0.0.1: node ports there need
// route_localnet, which lets such packets in from any device.
func guardRules() [][]expr.Any {
	loopback := netip.PrefixFrom(netip.AddrFrom4([4]byte{127}), 8)
	notLo := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIFTYPE, Register: reg0},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: reg0, Data: binary.NativeEndian.AppendUint16(nil, unix.ARPHRD_LOOPBACK)},
	}
	return [][]expr.Any{exprs(notLo, within(destination, expr.CmpOpEq, loopback), verdict(expr.VerdictDrop))}
}

// refusedRules are for new packets that no Service has translated.
func refusedRules(n node) [][]expr.Any {
	return [][]expr.Any{
		exprs(conntrack(expr.CtKeySTATE, expr.CmpOpEq, expr.CtStateBitNEW), verdict(expr.VerdictReturn)),
		toChainOf(mapRefused, true),
		exprs(within(destination, expr.CmpOpEq, n.services), gotoChain(chainReject)),
		exprs(localAddress(destination), toChainOf(mapRefusedNP, false)),
	}
}

func rejectRules() [][]expr.Any {
	isTCP := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: reg0},
		&expr.Cmp{Op: expr.CmpOpEq, Register: reg0, Data: []byte{byte(tcp)}},
	}
	const portUnreachable = 3
	return [][]expr.Any{
		exprs(isTCP, []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}}),
		{&expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: portUnreachable}},
	}
}

// forwardRules drop what conntrack calls invalid: it would pass untranslated,
// and its receiver would reset the connection.
func forwardRules() [][]expr.Any {
	return [][]expr.Any{
		exprs(conntrack(expr.CtKeySTATE, expr.CmpOpNeq, expr.CtStateBitINVALID), verdict(expr.VerdictDrop)),
	}
}

// postroutingRules masquerade: what was marked; pods that reach themselves;
// and pods that talk to anyone but pods and nodes.
func postroutingRules(n node) [][]expr.Any {
	fromPods := within(source, expr.CmpOpEq, n.pods)
	pair := []expr.Any{address(source, reg0), address(destination, reg1), in(setHairpin)}
	gateway := netip.PrefixFrom(n.gateway, 32)
	rules := [][]expr.Any{
		exprs(markIs(expr.CmpOpNeq), setMark(false), masquerade()),
		exprs(pair, masquerade()),
	}
	if !n.bridged {
		translated := conntrack(expr.CtKeySTATUS, expr.CmpOpNeq, ipsDstNAT)
		rules = append(rules, exprs(translated, fromPods, within(destination, expr.CmpOpEq, n.pods), masquerade()))
	}
	return append(rules,
		exprs(fromPods, within(destination, expr.CmpOpEq, gateway), masquerade()),
		exprs(fromPods,
			within(destination, expr.CmpOpNeq, n.pods),
			within(destination, expr.CmpOpNeq, n.cluster),
			within(destination, expr.CmpOpNeq, n.subnet),
			masquerade()),
	)
}

// ipsDstNAT is the bit of ct status that says the destination was translated.
const ipsDstNAT = 1 << 5
