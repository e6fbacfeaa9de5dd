// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package zone

// Civil returns the proleptic Gregorian year, month (1 to 12) and day (1 to 31) of a date. Year 0 is 1 BC.
func Civil(date int64) (year int64, month, day int) {
	// Years are counted from 1 March, so that the leap day is the last; an era is 400 years.
	z := date + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097                                  // day of era, 0 to 146096
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365 // year of era, 0 to 399
	doy := doe - (365*yoe + yoe/4 - yoe/100)               // day of the year from March
	mp := (5*doy + 2) / 153                                // month from March
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	year = yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// Days returns the date of a proleptic Gregorian year, month (1 to 12) and day; a day outside its month counts on.
func Days(year int64, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	doy := (153*int64(month-3)+2)/5 + int64(day) - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

// Weekday returns the ISO day of the week of a date: 1 is Monday, 7 is Sunday.
func Weekday(date int64) int {
	return int(date+3-floorDiv(date+3, 7)*7) + 1 // 1970-01-01 is a Thursday
}

// ISOWeek returns the ISO 8601 week (1 to 53) of a date and the year that the week belongs to.
func ISOWeek(date int64) (year int64, week int) {
	thursday := date - int64(Weekday(date)) + 4
	year, _, _ = Civil(thursday)
	return year, int((thursday-Days(year, 1, 1))/7) + 1
}

// YearDay returns the day of the year of a date, from 1.
func YearDay(date int64) int {
	year, _, _ := Civil(date)
	return int(date-Days(year, 1, 1)) + 1
}
