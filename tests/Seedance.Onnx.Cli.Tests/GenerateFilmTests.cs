using System.Text.Json.Nodes;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>generate with shots, images and plans, and what can be kept and repeated.</summary>
[Trait("Tier", "Graph")]
public sealed class GenerateFilmTests : IDisposable
{
    /// <summary>A twentieth of a second of silence: FLAC in Ogg.</summary>
    private const string Silence = "T2dnUwACAAAAAAAAAAAAAAAAAAAAAMgIiQkBM39GTEFDAQAAAWZMYUMAAAAiAkACQAAAAAAElQH0APAAAAAAAAAAAAAAAAAAAAAAAAAAAE9nZ1MAAAAAAAAAAAAAAAAAAAEAAACDu4iSASeEAAAjBgAAAGZmbXBlZwEAAAARAAAAZW5jb2Rlcj1MYXZjIGZsYWNPZ2dTAASQAQAAAAAAAAAAAAACAAAAPEaJtgINAP/4dAgAAY8kAAAAfV8=";

    private readonly CommandFixture _commands = new();

    public GenerateFilmTests() => _commands.UseFilmPack();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task DryRun_PromptOfTwoShots_TellsThePlanAndMakesNothing()
    {
        CommandRun run = await _commands.RunAsync("generate", "[Shot 1] red ball. [Shot 2] a star --dur 2 --cf true", "--seed", "7", "--dry-run");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            [
                "video       48x32, 17 frames at 8 a second (2.1 s), seed 7", "latents     [4, 5, 4, 6]", "shot 1      frames 0 to 8 (1.1 s): red ball, fixed camera",
                "shot 2      frames 9 to 16 (1.0 s): a star, fixed camera", "solver      euler, 4 steps, shift 2: 4 evaluations of 2 branches", "guidance    1.5, noise 0..1, rescale 0",
            ],
            run.Output.Split('\n')[..6]);
        Assert.Matches(@"\nmemory      \d+ MiB at most: \d+ for weights, then \d+ for text, \d+ for denoising or \d+ for decoding\ntime        (not known: this machine has made no video so yet|\d+\.\d s: .*)\n$", run.Output);
        Assert.Empty(_commands.Names);
    }

    [SkippableFact]
    public async Task DryRun_AdaptiveSteps_TellsEveryWayThatMayBeTaken()
    {
        CommandRun text = await _commands.RunAsync("generate", "red ball", "--steps", "20", "--adaptive-steps", "0.6", "--dry-run");
        CommandRun json = await _commands.RunAsync("generate", "red ball", "--steps", "20", "--adaptive-steps", "0.6", "--dry-run", "--json");

        Assert.Contains("\nsolver      euler, 10 to 20 steps, shift 2: 20 evaluations of 2 branches\n", text.Output, StringComparison.Ordinal);
        Assert.Contains("\nadaptive    after 4 evaluations 10, 12 or 20 of them in all: the fewest on whose way the velocity is expected to turn by at most 0.6 of itself\n", text.Output, StringComparison.Ordinal);
        JsonNode adaptive = JsonNode.Parse(json.Output)!["solver"]!["adaptive"]!;
        Assert.Equal((0.6, 4), ((double)adaptive["share"]!, (int)adaptive["firstEvaluations"]!));
        Assert.Equal([10, 12], adaptive["fewer"]!.AsArray().Select(way => way!["evaluations"]!.AsArray().Count));
    }

    [SkippableFact]
    public async Task DryRun_Json_HoldsEveryMatrix()
    {
        CommandRun run = await _commands.RunAsync("generate", "red ball", "--dry-run", "--json", "--steps", "3", "--order", "3", "--solver", "dpm++", "--guidance-interval", "0.5..1", "--guidance-rescale", "0.6", "--noise-scale", "0.7");

        JsonObject plan = JsonNode.Parse(run.Output)!.AsObject();
        Assert.Equal(
            ["width", "height", "frames", "fps", "seconds", "seed", "decoder", "upscale", "latents", "shots", "windows", "video", "images", "branches", "solver", "semantics", "memory", "time", "notices"], plan.Select(property => property.Key));
        JsonArray evaluations = plan["solver"]!["evaluations"]!.AsArray();
        Assert.Equal((3, 3, 6), (evaluations.Count, evaluations[0]!["weights"]!.AsArray().Count, evaluations[0]!["weights"]![0]!.AsArray().Count));
        Assert.Equal(
            ("dpm++", 3, "0.5..1", 0.6, 0.7),
            ((string?)plan["solver"]!["name"], (int)plan["solver"]!["order"]!, (string?)plan["solver"]!["guidanceInterval"], (double)plan["solver"]!["guidanceRescale"]!, (double)plan["solver"]!["noiseScale"]!));
        Assert.Equal(["", "red ball"], plan["branches"]!.AsArray().Select(branch => (string?)branch!["text"]));
    }

    [SkippableFact]
    public async Task Generate_ThreeVideos_FollowOneAnotherInSeedsAndNumbers()
    {
        CommandRun run = await _commands.RunAsync("generate", "red ball", "--seed", "7", "--count", "3", "-o", "a.mp4", "--json");

        Assert.Equal(["a-1.mp4", "a-2.mp4", "a-3.mp4"], _commands.Names);
        Assert.Equal(["7", "8", "9"], JsonNode.Parse(run.Output)!["videos"]!.AsArray().Select(video => video!["seed"]!.ToJsonString()));
    }

    [SkippableFact]
    public async Task Generate_FileOfPrompts_MakesAVideoOfEachLine()
    {
        File.WriteAllText(_commands.InWork("prompts.txt"), """
            red ball

            一个红色的球 --frames 9
            { "shots": [ { "caption": "red ball" } ] }
            """);

        CommandRun run = await _commands.RunAsync("generate", "--prompts", "prompts.txt", "--seed", "7", "--count", "2", "-o", "a.mp4", "--json");
        await _commands.RunAsync("generate", "red ball", "--seed", "11", "-o", "b.mp4");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        JsonArray videos = JsonNode.Parse(run.Output)!["videos"]!.AsArray();
        Assert.Equal(["7", "8", "9", "10", "11", "12"], videos.Select(video => video!["seed"]!.ToJsonString()));
        Assert.Equal([5, 5, 9, 9, 5, 5], videos.Select(video => (int)video!["frames"]!));
        Assert.Equal(File.ReadAllBytes(_commands.InWork("b.mp4")), File.ReadAllBytes(_commands.InWork("a-5.mp4")));
    }

    [SkippableFact]
    public async Task Generate_FileOfPromptsWithMistakes_TellsEachWithItsPlaceAndMakesNothing()
    {
        File.WriteAllText(_commands.InWork("prompts.txt"), """
            red ball
            { "shots": [ { "seconds": 2 } ] }
            { "shots": [
            """);
        CommandRun malformed = await _commands.RunAsync("generate", "--prompts", "prompts.txt", "-o", "a.mp4");
        File.WriteAllText(_commands.InWork("prompts.txt"), "red ball\n{ \"shots\": [ { \"caption\": \"ball\", \"first_frame\": \"none.png\" } ] }\n");
        CommandRun impossible = await _commands.RunAsync("generate", "--prompts", "prompts.txt", "-o", "a.mp4");
        File.WriteAllText(_commands.InWork("prompts.txt"), "\n\n");
        CommandRun empty = await _commands.RunAsync("generate", "--prompts", "prompts.txt", "-o", "a.mp4");

        malformed.AssertFailed(2, "'prompts.txt, line 2': $.shots[0].caption", "'prompts.txt, line 3' must be JSON");
        impossible.AssertFailed(2, "Video 2: ");
        empty.AssertFailed(2, "--prompts must have 1 to 100000 lines that are not empty, but 'prompts.txt' has 0.");
        (await _commands.RunAsync("generate", "--prompts", "none.txt")).AssertFailed(2, "--prompts must be a file that can be read, but ");
        (await _commands.RunAsync("generate", "ball", "--prompts", "prompts.txt")).AssertFailed(2, "--prompts must stand alone");
        Assert.Equal(["prompts.txt"], _commands.Names);
    }

    [SkippableFact]
    public async Task Generate_ToAPipe_WritesRawFramesAndTellsOnTheErrorOutput()
    {
        CommandRun run = await _commands.RunAsync("generate", "red ball", "--seed", "7", "-o", "-");
        CommandRun file = await _commands.RunAsync("generate", "red ball", "--seed", "7", "-o", "a.mp4");

        Assert.Equal((0, 0, ""), (run.ExitCode, file.ExitCode, run.Output));
        Assert.Equal("5 frames of 48x32, raw RGB, 8 a second, seed 7\n", run.Error);
        Assert.Equal(File.ReadAllBytes(_commands.InWork("a.mp4")), _commands.Pipe.ToArray());
        Assert.Equal(["a.mp4"], _commands.Names);
    }

    [SkippableFact]
    public async Task Generate_SeveralVideosToAPipe_IsRefused()
    {
        CommandRun run = await _commands.RunAsync("generate", "red ball", "-o", "-", "--count", "2");

        run.AssertFailed(2, "There must be one video with -o -");
    }

    [SkippableFact]
    public async Task Generate_KeptLatents_DecodeToTheSameFrames()
    {
        await _commands.RunAsync("generate", "red ball", "-o", "a.mp4", "--keep-latents", "a.safetensors", "--seed", "3");
        CommandRun run = await _commands.RunAsync("decode", "a.safetensors", "-o", "b.mp4", "--json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(["decode", "encode"], JsonNode.Parse(run.Output)!["stages"]!.AsArray().Select(stage => (string?)stage!["name"]));
        Assert.Equal(File.ReadAllBytes(_commands.InWork("a.mp4")), File.ReadAllBytes(_commands.InWork("b.mp4")));
    }

    [SkippableFact]
    public async Task Generate_FFmpegDies_LeavesTheLatentsToGoOnFrom()
    {
        _commands.SetFFmpeg("cat > /dev/null; echo 'encoder exploded' >&2; exit 3");

        CommandRun run = await _commands.RunAsync("generate", "red ball", "-o", "a.mp4", "--keep-latents", "a.safetensors");
        _commands.SetFFmpeg("cat > \"$OUT\"");
        CommandRun decoded = await _commands.RunAsync("decode", "a.safetensors", "-o", "a.mp4");

        run.AssertFailed(4, "encoder exploded");
        Assert.Equal(0, decoded.ExitCode);
        Assert.Equal(["a.mp4", "a.safetensors"], _commands.Names);
    }

    [SkippableFact]
    public async Task Generate_LikeAnotherVideo_MakesItAgainAndWhatIsWrittenCountsMore()
    {
        _commands.UseRealFFmpeg();
        await _commands.RunAsync("generate", "[Shot 1] red ball. [Shot 2] a star", "-o", "a.mp4", "--seed", "5", "--frames", "9", "--steps", "6", "--ratio", "1:1", "--negative", "blue");

        CommandRun same = await _commands.RunAsync("generate", "--like", "a.mp4", "-o", "b.mp4");
        CommandRun longer = await _commands.RunAsync("generate", "--like", "a.mp4", "--frames", "17", "--dry-run", "--json");
        CommandRun other = await _commands.RunAsync("generate", "--like", "a.mp4", "--pack", _commands.Pack, "-o", "c.mp4");

        Assert.Equal((0, 0), (same.ExitCode, longer.ExitCode));
        Assert.Equal(File.ReadAllBytes(_commands.InWork("a.mp4")), File.ReadAllBytes(_commands.InWork("b.mp4")));
        JsonNode plan = JsonNode.Parse(longer.Output)!;
        Assert.Equal((17, 32, 5, 6), ((int)plan["frames"]!, (int)plan["width"]!, (int)plan["seed"]!, (int)plan["solver"]!["steps"]!));
        Assert.Contains("'a.mp4' was made by another pack, tiny-film 1.0.0", other.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Generate_LikeAVideoOfSomebodyElse_IsRefused()
    {
        _commands.UseRealFFmpeg();
        await using (VideoWriter writer = VideoWriter.Open(FFmpegTool.Find(), _commands.InWork("a.mp4"), new(16, 16), new FrameRate(8)))
        {
            await writer.WriteAsync(new byte[3 * 16 * 16]);
            await writer.CompleteAsync();
        }

        CommandRun run = await _commands.RunAsync("generate", "--like", "a.mp4");

        run.AssertFailed(2, "must say how it was made, but does not.");
    }

    [SkippableFact]
    public async Task Generate_Images_BeginAndEndTheVideoAndAreAskedForAgain()
    {
        _commands.UseRealFFmpeg();
        await WriteImageAsync("白.png", 255);
        await WriteImageAsync("黑.png", 0);

        CommandRun run = await _commands.RunAsync("generate", "red ball", "--image", "白.png", "--last-image", "黑.png", "-o", "a.mp4", "--json", "--preview", "look.png");
        CommandRun like = await _commands.RunAsync("generate", "--like", "a.mp4", "-o", "b.mp4");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        JsonNode report = JsonNode.Parse(run.Output)!;
        Assert.Equal((32, 48), ((int)report["width"]!, (int)report["height"]!));
        Assert.Equal(["text", "condition", "denoise", "decode", "encode"], report["stages"]!.AsArray().Select(stage => (string?)stage!["name"]));
        Assert.Contains("look.png", _commands.Names);
        like.AssertFailed(2, "--image must be given, because the video was made with '白.png'", "--last-image must be given, because the video was made with '黑.png'");
    }

    [SkippableFact]
    public async Task Generate_Storyboard_MakesItsShots()
    {
        File.WriteAllText(_commands.InWork("film.json"), """{ "style": "flat", "shots": [ { "caption": "red ball", "seconds": 0.6 }, { "caption": "a star", "seconds": 1 } ] }""");

        CommandRun run = await _commands.RunAsync("generate", "--storyboard", "film.json", "--dry-run", "--json");

        JsonArray shots = JsonNode.Parse(run.Output)!["shots"]!.AsArray();
        Assert.Equal(["flat, red ball", "flat, a star"], shots.Select(shot => (string?)shot!["caption"]));
        Assert.Equal([0, 5], shots.Select(shot => (int)shot!["firstFrame"]!));
    }

    [SkippableTheory]
    [InlineData("--last-image a.png", "Image", "FirstFrame must be given with LastFrame")]
    [InlineData("--reference a.png", "Image", "References must be left out with pack 'tiny-film'")]
    [InlineData("--guidance-rescale 2", "", "GuidanceRescale must be from 0 to 1, but is 2.")]
    [InlineData("--order 4", "", "SolverOrder must be from 1 to 3, but is 4.")]
    public async Task Generate_WhatThePackCannotDo_IsRefused(string options, string alsoAbout, string problem)
    {
        _commands.UseRealFFmpeg();

        CommandRun run = await _commands.RunAsync(["generate", "ball", .. options.Split(' ')]);

        run.AssertFailed(2, [.. new[] { problem, alsoAbout }.Where(part => part.Length > 0)]);
        Assert.Empty(_commands.Names);
    }

    [SkippableTheory]
    [InlineData("generate ball -o a.gif --codec h264", "The codec of '")]
    [InlineData("generate ball --guidance-interval 1..0", "--guidance-interval must be two noise levels from 0 to 1 such as 0.2..0.8, but is '1..0'.")]
    [InlineData("generate ball --camera shaky", "--camera must be one of fixed, pan-left, pan-right, zoom-in, zoom-out, but is 'shaky'.")]
    [InlineData("generate ball --count 0", "--count must be a whole number from 1 to 1000, but is '0'.")]
    [InlineData("generate --storyboard none.json", "must be a file that can be read, but is not")]
    [InlineData("upscale a.mp4 -o -", "--output must be a file, but is -.")]
    [InlineData("decode", "LATENTS must be given, but is missing.")]
    public async Task Run_WordsThatMakeNoSense_AreUsageErrors(string words, string problem)
    {
        CommandRun run = await _commands.RunAsync(words.Split(' '));

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Upscale_PackWithTheGraph_MakesALargerVideoThatStillSaysHowItWasMade()
    {
        _commands.UseRealFFmpeg();
        await _commands.RunAsync("generate", "red ball", "-o", "a.mp4", "--seed", "4");

        CommandRun run = await _commands.RunAsync("upscale", "a.mp4", "-o", "b.mp4");
        CommandRun like = await _commands.RunAsync("generate", "--like", "b.mp4", "--dry-run", "--json");

        Assert.Equal((0, "", "b.mp4: 96x64, 5 frames\n"), (run.ExitCode, run.Error, run.Output));
        Assert.Equal(4, (int)JsonNode.Parse(like.Output)!["seed"]!);
    }

    [SkippableFact]
    public async Task Upscale_PackWithoutTheGraph_IsAPackError()
    {
        CommandRun run = await _commands.RunAsync("upscale", "a.mp4", "-o", "b.mp4", "--pack", _commands.Pack);

        run.AssertFailed(3, "graph 'upscaler' must be there, but is missing from seedance.json: this pack makes no video larger.");
        Assert.Empty(_commands.Names);
    }

    [SkippableFact]
    public async Task Upscale_FileWithSoundOnly_SaysThatThereIsNoVideo()
    {
        _commands.UseRealFFmpeg();
        File.WriteAllBytes(_commands.InWork("tone.ogg"), Convert.FromBase64String(Silence));

        CommandRun run = await _commands.RunAsync("upscale", "tone.ogg", "-o", "b.mp4");

        Assert.Equal((4, ""), (run.ExitCode, run.Output));
        Assert.Contains("must have a video stream, but has only audio", run.Error, StringComparison.Ordinal);
        Assert.Equal(["tone.ogg"], _commands.Names);
    }

    private async Task WriteImageAsync(string name, byte grey)
    {
        byte[] pixels = new byte[3 * 100 * 160];
        Array.Fill(pixels, grey);
        await new ImageWriter(FFmpegTool.Find()).WriteAsync(_commands.InWork(name), new VideoFrame(new(100, 160), pixels));
    }
}
