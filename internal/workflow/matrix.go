package workflow

// matrixCheck checks the mapping `matrix:`, as GitHub's MatrixBuilder.cs does,
// as far as the file already says what it will be.
type matrixCheck struct {
	*errorList
	matrix *Token
}

// vectors checks that there is something to make jobs of.
func (c matrixCheck) vectors() {
	hasVector, hasInclude := false, false
	for key, value := range c.matrix.Pairs() {
		if key.Kind() != TokenString {
			hasVector = true // an expression may give one
			continue
		}
		literal := value.IsLiteral()
		switch key.text {
		case "include":
			hasInclude = !literal || value.Len() > 0
		case "exclude":
		default:
			hasVector = true
			if literal && c.expect(value, TokenSequence, "matrix vector value") && value.Len() == 0 {
				c.fail(value, "Matrix vector '"+key.text+"' does not contain any values")
			}
		}
	}
	if !hasVector && !hasInclude {
		c.fail(c.matrix, "Matrix must define at least one vector")
	}
}

// include checks `include:` of a matrix without expressions.
func (c matrixCheck) include() {
	for _, item := range c.matrix.Lookup("include").Items() {
		if c.expect(item, TokenMapping, "matrix includes item") && item.Len() == 0 {
			c.fail(item, "Matrix include mapping does not contain any values")
		}
	}
}

// exclude checks `exclude:` of a matrix without expressions.
func (c matrixCheck) exclude() {
	for _, item := range c.matrix.Lookup("exclude").Items() {
		if !c.expect(item, TokenMapping, "matrix excludes item") {
			continue
		}
		if item.Len() == 0 {
			c.fail(item, "Matrix exclude filter must not be empty")
		}
		for key := range item.Pairs() {
			if !c.isVector(key.Str()) {
				c.fail(key, "Matrix exclude key '"+key.Str()+"' does not match any key within the matrix")
			}
		}
	}
}

func (c matrixCheck) isVector(name string) bool {
	switch foldKey(name) {
	case "include", "exclude":
		return false
	}
	return c.matrix.Lookup(name) != nil
}
