package workflow

import "strings"

// foldSet is a set of names whose case does not matter.
type foldSet struct {
	few  []string
	many map[string]struct{} // lower-cased; used once there are more than a few
}

func (s *foldSet) has(name string) bool {
	if s.many != nil {
		_, ok := s.many[strings.ToLower(name)]
		return ok
	}
	for _, n := range s.few {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func (s *foldSet) len() int { return max(len(s.few), len(s.many)) }

// add reports whether name was not in the set yet.
func (s *foldSet) add(name string) bool {
	if s.has(name) {
		return false
	}
	if s.many != nil {
		s.many[strings.ToLower(name)] = struct{}{}
		return true
	}
	if s.few == nil {
		s.few = make([]string, 0, 4) // most sets get no larger
	}
	s.few = append(s.few, name)
	if len(s.few) > 16 {
		s.many = make(map[string]struct{}, 2*len(s.few))
		for _, n := range s.few {
			s.many[strings.ToLower(n)] = struct{}{}
		}
	}
	return true
}

// foldKey is the form in which names that differ by case only are the same.
func foldKey(s string) string { return strings.ToLower(s) }
