package proxy

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
)

// Keys and values as the kernel lays out concatenations: every part starts at a
// multiple of four bytes.

func (f frontend) key() []byte {
	var out []byte
	if f.addr.IsValid() {
		addr := f.addr.As4()
		out = append(out, addr[:]...)
	}
	out = append(out, byte(f.proto), 0, 0, 0)
	out = binary.BigEndian.AppendUint16(out, f.port)
	return append(out, 0, 0)
}

func addrPort(a netip.AddrPort) []byte {
	addr := a.Addr().As4()
	out := binary.BigEndian.AppendUint16(addr[:], a.Port())
	return append(out, 0, 0)
}

// index is the key of a map that numgen looks up: in the host's byte order.
func index(i int) []byte { return binaryutil.NativeEndian.PutUint32(uint32(i)) }

func verdictElements(m map[frontend]string) []nftables.SetElement {
	out := make([]nftables.SetElement, 0, len(m))
	for f, chain := range m {
		out = append(out, nftables.SetElement{
			Key:         f.key(),
			VerdictData: &expr.Verdict{Kind: expr.VerdictGoto, Chain: chain},
		})
	}
	return out
}

func keysOf(m map[frontend]string) []nftables.SetElement {
	out := make([]nftables.SetElement, 0, len(m))
	for f := range m {
		out = append(out, nftables.SetElement{Key: f.key()})
	}
	return out
}

func pairs(m map[netip.Addr]bool) []nftables.SetElement {
	out := make([]nftables.SetElement, 0, len(m))
	for a := range m {
		addr := a.As4()
		out = append(out, nftables.SetElement{Key: append(addr[:], addr[:]...)})
	}
	return out
}
