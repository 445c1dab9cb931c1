package mask

import "encoding/binary"

// index finds all occurrences of many patterns in a text.
//
// It does not read the whole text. Every pattern of a group is at least
// `shortest` bytes long, so an occurrence covers one of the places that are
// `stride` apart, if it is looked at in windows of `gram` bytes. At these
// places (probes) a bit set tells whether the bytes there, the gram, stand in
// some pattern, in the part of it where a probe can fall; hardly ever in
// text that holds no secret. Only then is anything compared.
type index struct {
	groups [3]group // patterns of 6 bytes and more, of 2 to 5, of one
}

// add adds a pattern of 1 to MaxForm bytes, once.
func (x *index) add(pattern string) {
	size := 2 // of a gram
	g := &x.groups[1]
	switch n := len(pattern); {
	case n >= 6:
		g, size = &x.groups[0], 4
	case n == 1:
		g, size = &x.groups[2], 1
	}
	g.gram = size
	g.add(pattern)
}

// find appends the stretches of text that patterns cover, in order, those that
// overlap or touch joined.
func (x *index) find(text []byte, found []span) []span {
	first := len(found)
	sources := 0
	for i := range x.groups {
		if g := &x.groups[i]; len(g.patterns) > 0 {
			before := len(found)
			found = g.find(text, found)
			if len(found) > before {
				sources++
			}
		}
	}
	if sources > 1 {
		found = found[:first+len(merge(found[first:]))]
	}
	return found
}

// group is the patterns of an index whose grams have one length.
type group struct {
	gram     int // bytes: 4, 2 or 1
	shortest int // pattern's bytes
	stride   int // bytes between probes: at most shortest-gram+1
	patterns []string

	filter  *filter
	chains  []int32 // by hash: the first entry + 1, 0 for none
	entries []entry
}

// entry says that a gram stands in a pattern where a probe can fall.
type entry struct {
	gram    uint32
	pattern int32
	offset  int32 // of the gram in the pattern
	next    int32 // in the chain: entry + 1, 0 for none
}

// filter is a set of grams by 17 bits of their hashes, so it may hold others
// by chance. It fits into a processor's nearest cache with room to spare.
type filter [1 << 11]uint64

func (f *filter) add(gram uint32) {
	h := gram * hashFactor
	f[h>>21] |= 1 << (h >> 15 & 63)
}

// holds is written as the fastest the compiler makes of it: one test, no branch.
func (f *filter) holds(gram uint32) bool {
	h := gram * hashFactor
	return f[h>>21]>>(h>>15&63)&1 != 0
}

const (
	// maxStride weighs fewer probes against more entries, which make probes
	// succeed by chance.
	maxStride = 8
	// minChains is the least number of chains; entriesPerChain how long they
	// may grow on average.
	minChains       = 1 << 12
	entriesPerChain = 2
)

func (g *group) add(pattern string) {
	g.patterns = append(g.patterns, pattern)
	if len(g.patterns) == 1 || len(pattern) < g.shortest {
		g.shortest = len(pattern)
		if stride := min(g.shortest-g.gram+1, maxStride); stride != g.stride {
			g.stride = stride
			g.rebuild(max(len(g.chains), minChains))
			return
		}
	}
	if len(g.entries)+g.stride > len(g.chains)*entriesPerChain {
		g.rebuild(4 * len(g.chains))
		return
	}
	g.enter(len(g.patterns) - 1)
}

// rebuild enters all patterns anew.
func (g *group) rebuild(chains int) {
	g.filter = new(filter)
	g.chains = make([]int32, chains)
	g.entries = g.entries[:0]
	for i := range g.patterns {
		g.enter(i)
	}
}

// enter adds a pattern's entries: the grams at `stride` places in a row.
func (g *group) enter(pattern int) {
	text := g.patterns[pattern]
	first := g.window(text)
	for offset := first; offset < first+g.stride; offset++ {
		gram := g.gramAt(text, offset)
		g.filter.add(gram)
		chain := &g.chains[g.chain(gram)]
		g.entries = append(g.entries, entry{gram, int32(pattern), int32(offset), *chain})
		*chain = int32(len(g.entries))
	}
}

// maxWindow is how far into a pattern a window is looked for.
const maxWindow = 32

// window chooses where in a pattern its grams are taken: at the place where
// they are the least likely in other text and in other patterns, so that a
// prefix many secrets share isn't compared with each of them.
func (g *group) window(text string) int {
	var costs [maxWindow + maxStride]int // of the gram at each offset
	offsets := min(len(text)-g.gram+1, len(costs))
	for offset := range offsets {
		costs[offset] = g.cost(text, offset)
	}
	cost := 0
	for _, c := range costs[:g.stride] {
		cost += c
	}
	best, bestCost := 0, cost
	for first := 1; first+g.stride <= offsets; first++ {
		cost += costs[first+g.stride-1] - costs[first-1]
		if cost < bestCost {
			best, bestCost = first, cost
		}
	}
	return best
}

// cost says how unfit the gram at an offset is to tell a pattern from others.
func (g *group) cost(text string, offset int) int {
	cost := 0
	for _, c := range []byte(text[offset : offset+g.gram]) {
		cost += commonness(c)
	}
	// Forms of one secret share grams and may well be compared together.
	const few, most = 8, 64
	gram, same := g.gramAt(text, offset), 0
	for i := g.chains[g.chain(gram)]; i > 0 && same < most; i = g.entries[i-1].next {
		if g.entries[i-1].gram == gram {
			same++
		}
	}
	return cost + max(same-few, 0)
}

// commonness says how usual a byte is in logs.
func commonness(c byte) int {
	switch {
	case 'a' <= c && c <= 'z', c == ' ':
		return 3
	case ',' <= c && c <= ':', c == '_', c == '=': // digits and , - . / : among them
		return 2
	}
	return 1
}

// find appends the stretches that patterns of this group cover, in order and joined.
func (g *group) find(text []byte, found []span) []span {
	first := len(found)
	for at := g.next(text, 0); at >= 0; at = g.next(text, at+g.stride) {
		hit := g.compare(text, at)
		if hit.end == 0 {
			continue
		}
		// All that is found here covers this probe, all that is to come covers
		// a later one: the list stays in order, and a new stretch can only
		// join the last ones.
		for len(found) > first && found[len(found)-1].end >= hit.start {
			last := found[len(found)-1]
			hit.start, hit.end = min(hit.start, last.start), max(hit.end, last.end)
			found = found[:len(found)-1]
		}
		found = append(found, hit)
	}
	return found
}

// compare compares the patterns that have the gram of a probe where the probe
// is; the span covers all that are there, its end is 0 when none is.
func (g *group) compare(text []byte, at int) span {
	hit := span{start: at}
	gram := load(text[at:], g.gram)
	for i := g.chains[g.chain(gram)]; i > 0; i = g.entries[i-1].next {
		e := &g.entries[i-1]
		if e.gram != gram {
			continue
		}
		pattern := g.patterns[e.pattern]
		start := at - int(e.offset)
		end := start + len(pattern)
		if start >= 0 && end <= len(text) && string(text[start:end]) == pattern {
			hit.start, hit.end = min(hit.start, start), max(hit.end, end)
		}
	}
	return hit
}

// hashFactor is 2^32 over the golden ratio: its products' high bits are well mixed.
const hashFactor = 0x9E3779B1

func (g *group) chain(gram uint32) uint32 {
	return (gram * hashFactor >> 8) & uint32(len(g.chains)-1)
}

func (g *group) gramAt(text string, offset int) uint32 {
	return load([]byte(text[offset:offset+g.gram]), g.gram)
}

// load reads a gram of 1, 2 or 4 bytes.
func load(b []byte, size int) uint32 {
	switch size {
	case 4:
		return binary.LittleEndian.Uint32(b)
	case 2:
		return uint32(binary.LittleEndian.Uint16(b))
	}
	return uint32(b[0])
}

// next returns the first probe from at on whose gram may be in a pattern, or
// -1. Nearly all the time masking takes is spent here: about 1.5 ns a probe,
// as long as the compiler sees that no index can be out of range.
func (g *group) next(text []byte, at int) int {
	filter, stride := g.filter, g.stride
	if at < 0 || stride <= 0 {
		return -1
	}
	switch g.gram {
	case 4:
		for end := len(text) - 3; at < end; at += stride {
			if filter.holds(uint32(text[at]) | uint32(text[at+1])<<8 | uint32(text[at+2])<<16 | uint32(text[at+3])<<24) {
				return at
			}
		}
	case 2:
		for end := len(text) - 1; at < end; at += stride {
			if filter.holds(uint32(text[at]) | uint32(text[at+1])<<8) {
				return at
			}
		}
	default:
		for end := len(text); at < end; at += stride {
			if filter.holds(uint32(text[at])) {
				return at
			}
		}
	}
	return -1
}
