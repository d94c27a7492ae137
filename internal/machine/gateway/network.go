package gateway

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

const (
	etherHeader = 14
	etherIPv4   = 0x0800
	etherARP    = 0x0806
	maxFrame    = 64<<10 + etherHeader
)

type mac = [6]byte

// network is the switch: it hands each frame to the node, or to the gateway,
// that it is addressed to.
type network struct {
	self mac
	ip   netip.Addr
	// inject gives a frame to the gateway's own stack.
	inject func(*stack.PacketBuffer)

	mu    sync.RWMutex
	nodes map[mac]*os.File
}

func newNetwork(self mac, ip netip.Addr) *network {
	return &network{self: self, ip: ip, nodes: map[mac]*os.File{}}
}

func (n *network) attach(m mac, tap *os.File) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if old := n.nodes[m]; old != nil {
		old.Close()
	}
	n.nodes[m] = tap
}

func (n *network) detach(m mac, tap *os.File) {
	n.mu.Lock()
	defer n.mu.Unlock()
	tap.Close()
	if n.nodes[m] == tap {
		delete(n.nodes, m)
	}
}

func (n *network) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, tap := range n.nodes {
		tap.Close()
	}
}

// receive switches a node's frames until its device ends.
func (n *network) receive(tap *os.File) error {
	frame := make([]byte, maxFrame)
	for {
		size, err := tap.Read(frame)
		if err != nil {
			return err
		}
		if size > etherHeader {
			n.route(frame[:size], tap)
		}
	}
}

// route sends on a frame that came from the device from, or from the gateway
// when that is nil.
func (n *network) route(frame []byte, from *os.File) {
	to := mac(frame[:6])
	group := to[0]&1 == 1
	if from != nil && (to == n.self || group) && n.concerns(frame) {
		pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
		n.inject(pkt)
		pkt.DecRef()
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	if !group {
		if tap := n.nodes[to]; tap != nil {
			send(tap, frame)
		}
		return
	}
	for _, tap := range n.nodes {
		if tap != from {
			send(tap, frame)
		}
	}
}

// send drops a frame that the node cannot take, as networks do.
func send(w io.Writer, frame []byte) { _, _ = w.Write(frame) }

// concerns tells whether a frame is for the gateway. It forwards TCP and UDP
// for all the world, so its stack takes every address for its own; questions
// that only the true owner may answer (who has this address? are you there?)
// must not reach it.
func (n *network) concerns(frame []byte) bool {
	const (
		arpTarget  = etherHeader + 24
		ipProtocol = etherHeader + 9
		ipTarget   = etherHeader + 16
		icmp       = 1
	)
	self := n.ip.As4()
	switch binary.BigEndian.Uint16(frame[12:]) {
	case etherARP:
		return len(frame) >= arpTarget+4 && bytes.Equal(frame[arpTarget:arpTarget+4], self[:])
	case etherIPv4:
		if len(frame) < ipTarget+4 {
			return false
		}
		return frame[ipProtocol] != icmp || bytes.Equal(frame[ipTarget:ipTarget+4], self[:])
	}
	return false
}
