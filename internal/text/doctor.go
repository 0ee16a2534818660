package text

var doctorEnglish = map[Key]string{}
