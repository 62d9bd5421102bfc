"""What is wrong with meters, network and regions, judged from closed windows and clocks."""
