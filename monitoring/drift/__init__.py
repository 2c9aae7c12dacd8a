"""Does a stream look as it did? One statistic a file, all from daily aggregates; see `engine`."""
