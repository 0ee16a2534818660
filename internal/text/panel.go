package text

var panelEnglish = map[Key]string{}
