package config

import "fmt"

// number is a setting and what it may be.
type number struct {
	flag               string
	value, least, most float64
}

func checkNumbers(numbers []number) error {
	for _, n := range numbers {
		if err := CheckNumber(n.flag, n.value, n.least, n.most); err != nil {
			return err
		}
	}
	return nil
}

// CheckNumber says that a setting is not between least and most.
func CheckNumber(flag string, value, least, most float64) error {
	if !(value >= least && value <= most) { // NaN is neither.
		return fmt.Errorf("%s: %v is not between %v and %.0f", flag, value, least, most)
	}
	return nil
}
