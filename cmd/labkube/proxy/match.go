package proxy

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Consecutive 32-bit registers: a concatenation spans several.
const (
	reg0 = unix.NFT_REG32_00
	reg1 = unix.NFT_REG32_01
	reg2 = unix.NFT_REG32_02
)

// Offsets of the addresses in the IPv4 header, and of the destination port.
const (
	source      = 12
	destination = 16
	portOffset  = 2
)

// toNode marks packets that postrouting must masquerade. Nobody else on the
// node uses the bit; kube-proxy has the same.
const toNode = 0x4000

// exprs concatenates the expressions of one rule.
func exprs(parts ...[]expr.Any) []expr.Any {
	var out []expr.Any
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func address(offset, reg uint32) expr.Any {
	return &expr.Payload{DestRegister: reg, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4}
}

// within matches packets whose address is (or, with CmpOpNeq, is not) in p.
func within(offset uint32, op expr.CmpOp, p netip.Prefix) []expr.Any {
	mask := binary.BigEndian.AppendUint32(nil, ^uint32(0)<<(32-p.Bits()))
	addr := p.Masked().Addr().As4()
	return []expr.Any{
		address(offset, reg0),
		&expr.Bitwise{SourceRegister: reg0, DestRegister: reg0, Len: 4, Mask: mask, Xor: make([]byte, 4)},
		&expr.Cmp{Op: op, Register: reg0, Data: addr[:]},
	}
}

// localAddress matches packets whose address is one of the node's own.
func localAddress(offset uint32) []expr.Any {
	return []expr.Any{
		&expr.Fib{Register: reg0, ResultADDRTYPE: true, FlagSADDR: offset == source, FlagDADDR: offset == destination},
		&expr.Cmp{Op: expr.CmpOpEq, Register: reg0, Data: binaryutil.NativeEndian.PutUint32(unix.RTN_LOCAL)},
	}
}

// in looks the registers from reg0 on up in a named set.
func in(set string) expr.Any { return &expr.Lookup{SourceRegister: reg0, SetName: set} }

// toChainOf looks the packet's destination up in a verdict map.
func toChainOf(name string, withAddr bool) []expr.Any {
	reg := uint32(reg0)
	var out []expr.Any
	if withAddr {
		out = append(out, address(destination, reg))
		reg++
	}
	return append(out,
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: reg},
		&expr.Payload{DestRegister: reg + 1, Base: expr.PayloadBaseTransportHeader, Offset: portOffset, Len: 2},
		&expr.Lookup{SourceRegister: reg0, SetName: name, IsDestRegSet: true, DestRegister: unix.NFT_REG_VERDICT},
	)
}

func conntrack(key expr.CtKey, op expr.CmpOp, bits uint32) []expr.Any {
	return bitsOf(&expr.Ct{Key: key, Register: reg0}, op, bits)
}

// bitsOf matches if any of the bits that load puts into reg0 is set (CmpOpNeq)
// or none is (CmpOpEq).
func bitsOf(load expr.Any, op expr.CmpOp, bits uint32) []expr.Any {
	return []expr.Any{
		load,
		&expr.Bitwise{SourceRegister: reg0, DestRegister: reg0, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: op, Register: reg0, Data: make([]byte, 4)},
	}
}

func markIs(op expr.CmpOp) []expr.Any {
	return bitsOf(&expr.Meta{Key: expr.MetaKeyMARK, Register: reg0}, op, toNode)
}

// setMark sets (or clears) the bit that asks for masquerading.
func setMark(on bool) []expr.Any {
	var xor uint32
	if on {
		xor = toNode
	}
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyMARK, Register: reg0},
		&expr.Bitwise{SourceRegister: reg0, DestRegister: reg0, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(^uint32(toNode)), Xor: binaryutil.NativeEndian.PutUint32(xor)},
		&expr.Meta{Key: expr.MetaKeyMARK, SourceRegister: true, Register: reg0},
	}
}

func verdict(kind expr.VerdictKind) []expr.Any { return []expr.Any{&expr.Verdict{Kind: kind}} }

func jump(chain string) []expr.Any {
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: chain}}
}

func gotoChain(chain string) []expr.Any {
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictGoto, Chain: chain}}
}

// masquerade gives the connection the address of the device it leaves by, and
// a random port: two clients that race for one would lose a packet otherwise.
func masquerade() []expr.Any { return []expr.Any{&expr.Masq{FullyRandom: true}} }
