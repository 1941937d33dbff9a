"""Prompts as people write them, each with the labels of the LoRAs a person would accept for it.

Written by hand beside ``loras.csv``. The tuning prompts are those that constants may be chosen by;
no figure is reported for them.
"""

TUNING = """
tags: pixelart; pixel art, knight standing on a hill, 16-bit; knight
tags: beach sunset ocean; beach, sunset, palm trees, golden sky
tags: cyberpunk city rain; masterpiece, best quality, cyberpunk city at night, rain, neon lights
tags: anime; 1girl, solo, 90s anime style, looking at viewer, smile
tags: watercolor flowers; watercolor, wildflowers, white background
sentence: dragon castle; A huge dragon circles the towers of an old castle.
sentence: portrait film; A cinematic portrait of an old fisherman, shot on analog film.
sentence: cottage garden flowers; A small cottage with a garden full of flowers in the morning.
sentence: wizard library; An old wizard reading a book in a dusty library.
sentence: cat; My cat sleeping on the sofa.
sentence: steampunk train; A steampunk locomotive crossing a bridge.
sentence: samurai sakura; A samurai under falling cherry blossoms.
typo: dragon; a fierce dragoon breathing fire
typo: watercolor; watercolr painting of a vase
typo: astronaut space; an astronuat floating in space
typo: mermaid underwater; beautiful mermiad under the water
paraphrase: beach ocean sunset; waves rolling onto the sand while the day ends
paraphrase: dog; a loyal four-legged friend with floppy ears
paraphrase: cars; vintage automobile on an empty road
paraphrase: snow forest; woodland in wintertime
none: none; quarterly sales chart, spreadsheet
none: none; a red bicycle
none: none; Three engineers discuss a bridge plan.
tags: char:mira village; mira lanternsmith, walking through a village, lantern
tags: food; ramen bowl, steam, chopsticks, top view
tags: lineart; lineart of a fox, white background; fox
tags: mecha robot; giant mecha robot, explosions, dynamic angle
tags: kimono sakura; woman in kimono, cherry blossoms, petals
tags: render3d lowpoly isometric; low poly isometric island, 3d render
tags: papercut; papercut layered landscape
sentence: underwater jellyfish; Glowing jellyfish drift through the dark sea.
sentence: interior; A bright living room, Scandinavian interior design.
sentence: ruins temple forest; Overgrown temple ruins deep in the jungle.
tags: horror; lovecraftian horror, tentacles, fog
tags: bw portrait; black and white portrait of a sailor
sentence: space; The nebula glows behind a distant planet.
tags: logo; logo of a bakery, minimal
tags: vampire; gothic vampire countess, candlelight
tags: street city rain; rainy tokyo street, reflections
sentence: ballet; A ballet dancer jumps across the stage.
"""

REPORTED = """
tags: pixelart forest; pixel art, misty forest, game background
tags: pixelart; pixelart portrait of an old man
tags: pixelart castle; 16bit pixel sprite of a castle
tags: watercolor cat; watercolor, fluffy cat, soft colors
tags: watercolor mountain; watercolor landscape, mountains, lake
tags: oilpainting; oil painting of a sailor, impasto, thick paint
tags: oilpainting fruit baroque; oil painting, still life with fruit, dark background
tags: ink mountain; sumi-e, ink wash, mountains in fog
tags: lineart coloringbook; coloring book page, owl, lineart; owl
tags: sketch; pencil sketch of an old woman, graphite
tags: comic; western comic, superhero over the city, halftone
tags: cartoon; 1930s rubber hose cartoon, dancing teapot
tags: render3d clay; 3d render, clay figurine of a chef
tags: lowpoly mountain; low poly mountain, simple shapes
tags: isometric interior; isometric room, diorama, tiny furniture
tags: papercut; paper craft village; village
tags: papercut; origami crane, folded paper
tags: clay; claymation penguin, stop motion
tags: stainedglass angel; stained glass window, angel
tags: embroidery flowers; embroidery of roses on linen
tags: woodblock ocean; ukiyo-e, great wave, boats
tags: sticker fox; sticker, cute fox, white outline
tags: tarot; tarot card, the moon, ornate border
tags: logo wolf; logo, wolf head, vector
tags: graffiti street; graffiti on a brick wall, street
tags: artnouveau; art nouveau poster, woman with lilies
tags: artdeco; art deco lobby, gold, geometric
tags: popart; pop art, woman with telephone
tags: cyberpunk street rain city; cyberpunk street, rain, neon signs, umbrella
tags: cyberpunk motorcycle; neonpunk, biker, night
tags: steampunk airplane; steampunk airship, brass, gears
tags: solarpunk city; solarpunk city, green rooftops
tags: synthwave cars; synthwave, sports car, grid, purple sky
tags: vaporwave greece; vaporwave, marble statue, pink sky
tags: scifi; spaceship interior, corridor, blue lights
tags: mecha city robot; giant mecha above the city, smoke
tags: robot; rusty robot, junkyard
tags: astronaut space; astronaut suit, moon surface
tags: space; nebula, stars, deep space
tags: dragon mountain; red dragon, mountain peak, fire
tags: wizard; wizard with staff, robe, lightning; lightning
tags: witch mushroom; witch, potion, mushrooms
tags: fairy forest; fairy, glowing wings, forest
tags: elf; elven queen, pointy ears, jewelry
tags: knight horse; knight in armor, horse, banner
tags: samurai rain; samurai, katana, rain
tags: ninja; ninja on a rooftop, night
tags: viking snow; viking warrior, snow, axe
tags: pirate ship; pirate captain, ship, storm; ocean
tags: cowboy desert; cowboy, desert, sunset; sunset
tags: vampire; vampire lord, fangs, cape
tags: skeleton; skeleton dancing, bones
tags: demon; demon with horns, red skin, fire
tags: angel; angel, halo, white wings
tags: mermaid underwater; mermaid, coral reef, bubbles
tags: phoenix; phoenix, burning feathers
tags: halloween; halloween, pumpkins, bats
tags: christmas snow interior; christmas living room, tree, snow outside
tags: beach surf; surfer on a beach, surfboard, waves; ocean
tags: sunset flowers; golden hour, flower field
tags: forest mushroom; enchanted forest, glowing mushrooms, fireflies
tags: waterfall; waterfall, rocks, moss
tags: aurora snow; aurora borealis, snow, night sky
tags: volcano; volcano, lava, ash
tags: garden sakura; japanese garden, bridge, cherry blossoms
tags: autumn; autumn leaves, forest path; forest
tags: castle; gothic castle, full moon
tags: ruins; overgrown ruins, vines
tags: interior; cozy interior design, couch, plants
tags: cafe rain; coffee shop window, rain
tags: city; city skyline at night, lights
tags: cars; classic car, chrome, desert road; desert
tags: train; steam train, smoke, mountains; mountain
tags: fox snow; red fox, snow
tags: fox anime; kitsune, multiple tails, anime style
tags: wolf; wolf howling, moon
tags: horse; wild horses, running
tags: butterfly flowers macro; macro photo, butterfly, flower
tags: dinosaur; dinosaur, jungle, roaring
tags: plush bear; plush bear toy
tags: knitted plush; knitted elephant toy
tags: lego; lego minifigure, astronaut; astronaut
tags: figure anime; anime figure, box, figurine
tags: crystal; crystal cave, glowing gems
tags: food; burger with fries, food photography; burger
tags: cake; chocolate cake, strawberries
tags: film portrait; analog film, kodak, portrait of a girl
tags: bw; black and white photo, old harbour
tags: skin portrait freckles; photo, freckles, realistic skin texture, close-up
tags: fashion; fashion editorial, studio, long dress; dress
tags: noir bw; film noir, detective, hat, shadows
tags: lighting forest; volumetric light, forest, dust
tags: anime; ghibli style, meadow, clouds
tags: chibi anime; chibi, big head, smile
tags: kimono; kimono, obi, night festival
tags: hanfu; hanfu, lantern festival
tags: weddingdress; bride in wedding dress, veil
tags: uniform anime; anime, school uniform, classroom
tags: tattoo; tattooed man, full body tattoos
tags: postapoc cars; post-apocalyptic wasteland, rusty car
tags: egypt; ancient egypt, pyramids, pharaoh
tags: greece; greek marble statue, museum
tags: skyisland waterfall; floating islands, waterfalls
tags: portal; magic portal, ruins; ruins
tags: surreal; surreal dreamscape, melting clocks; clock
tags: pixar; pixar style, little boy, puppy; dog
tags: doll; porcelain doll, cracked face
tags: char:yuki; yuki frostbloom, winter coat, snow; snow
tags: char:vex; vexns, spell casting, night
tags: char:nia mermaid; nia deepwater, mermaid, treasure
sentence: dragon knight; A knight faces a dragon at the gate of a burning town.
sentence: beach ocean; Children build a sand castle on a tropical beach.
sentence: forest wolf; A wolf walks through a misty forest at night.
sentence: witch cat village; A young witch and her black cat fly over the village on a broom.
sentence: cyberpunk; A hacker in a cyberpunk apartment full of screens.
sentence: robot garden flowers; A little robot waters flowers in an old garden.
sentence: pirate; The pirate captain laughs with a parrot on his shoulder.
sentence: train sunset; A steam locomotive rides into the sunset.
sentence: food; A steaming bowl of ramen on a wooden table.
sentence: library; A girl climbs a ladder in a huge old library.
sentence: ocean lighthouse; A lighthouse stands in a stormy sea.
sentence: samurai; Two samurai duel at dawn in tall grass.
sentence: watercolor village mountain rain; A watercolor of a mountain village after rain.
sentence: space astronaut; An astronaut drifts past a colourful nebula.
sentence: music; A saxophone player in a smoky jazz club.
sentence: boxing; A tired boxer sits in the corner of the ring.
sentence: christmas cat; A cat plays under the Christmas tree.
sentence: cafe; We met in a small coffee shop in Paris.
sentence: architecture; A brutalist concrete building under grey sky.
sentence: ballet bw; A ballet dancer, photographed in black and white.
sentence: underwater; Divers explore a colourful coral reef.
sentence: chess; Living chess pieces fight on a marble board.
sentence: bonsai; A tiny bonsai tree in a stone pot.
sentence: motorcycle; She repairs a cafe racer motorcycle in her garage.
sentence: war; Soldiers wait in a muddy trench, 1916.
sentence: horror; Something with tentacles waits in the dark, cosmic horror.
sentence: miniature city; The city looks like a miniature, tilt shift.
sentence: infographic; A fantasy map with mountains and a compass.
typo: pixelart; pixlart of a spaceship
typo: cyberpunk; cyberpnk samurai with sword; samurai
typo: steampunk; steampnuk goggles, inventor
typo: watercolor; waterclor bird on a branch
typo: mermaid; a mermaidd on a rock
typo: dinosaur; friendly dinasaur in the park
typo: jellyfish; glowing jellyfsh, deep sea
typo: embroidery; embroidrey of a peacock
typo: papercut; orgami frog
typo: isometric; isometrc kitchen; kitchen
typo: knight; armorred knigt, castle; castle
typo: synthwave; synthwve sunset, grid; sunset
typo: aurora; aurra borealis over a lake
typo: vampire; vampyre in a mansion
typo: christmas; cozy chrismas evening
typo: astronaut; astronat on mars
typo: samurai; samurrai in the snow; snow
typo: anime; ghiblli style meadow
typo: tattoo; girl with tatoo on her arm
typo: kimono; woman in a kimon0, kimonoo
paraphrase: sunset ocean beach; dusk over the seaside
paraphrase: ocean sunset; twilight above calm water
paraphrase: forest; deep woods with towering pines
paraphrase: cat; a purring kitten in a basket
paraphrase: cars; an old automobile with shiny fenders
paraphrase: dragon; a fire-breathing winged reptile
paraphrase: wizard; a sorcerer casting a spell
paraphrase: ghost; a translucent spirit in the attic
paraphrase: robot; a mechanical man made of tin
paraphrase: city; downtown high-rises after dark
paraphrase: snow; everything covered in frost and white powder
paraphrase: rain; people hurry under umbrellas in the downpour
paraphrase: food; a delicious meal on a plate
paraphrase: knight; a warrior in plate armour
paraphrase: desert; endless sand hills under a burning sun
paraphrase: airplane; fighter aircraft above the clouds
paraphrase: bw; monochrome picture of a harbour
paraphrase: macro; extreme close-up of a dewdrop
paraphrase: sketch; quick graphite drawing of hands; hands
paraphrase: cottage; tiny house with a straw roof
none: none; a pie chart of monthly revenue
none: none; two people shaking hands in an office
none: none; a bottle of shampoo on a white table, product shot
none: none; tennis racket and ball
none: none; violin on a velvet cushion
none: none; a map of the subway
none: none; penguin on an iceberg
none: none; a tractor, farmland
none: none; handsome man, smiling, blue eyes
none: none; beautiful woman, long hair, smiling
none: none; elephant bathing in a river
none: none; a bridge made of glass
"""
