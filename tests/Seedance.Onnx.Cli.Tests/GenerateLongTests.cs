using System.Text.Json.Nodes;

namespace Seedance.Onnx.Cli;

/// <summary>generate for videos longer than a clip, and for those that go on from another.</summary>
[Trait("Tier", "Graph")]
public sealed class GenerateLongTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public GenerateLongTests()
    {
        _commands.UseFilmPack(windowFrames: 9);
        _commands.UseRealFFmpeg();
    }

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task DryRun_LongerThanAClip_TellsTheWindows()
    {
        CommandRun run = await _commands.RunAsync("generate", "red ball", "--frames", "25", "--seed", "7", "--dry-run");
        CommandRun json = await _commands.RunAsync("generate", "red ball", "--frames", "25", "--seed", "7", "--dry-run", "--json");

        Assert.Equal(
            ["video       48x32, 25 frames at 8 a second (3.1 s), seed 7", "latents     [4, 3, 4, 6]", "shot 1      frames 0 to 24 (3.1 s): red ball",
                "windows     3 of 9 frames, each from the last frame of the one before: 0 to 8, 8 to 16, 16 to 24"],
            run.Output.Split('\n')[..4]);
        Assert.Equal("""{"firstFrame":8,"frames":9,"givenFrames":1,"firstShot":0,"shots":1}""", Without(JsonNode.Parse(json.Output)!["windows"]![1]!, "seed"));
    }

    [SkippableFact]
    public async Task Generate_LongerThanAClip_DecodesAndRepeatsToTheSameFile()
    {
        CommandRun made = await _commands.RunAsync("generate", "red ball", "--frames", "25", "--seed", "7", "-o", "a.mp4", "--keep-latents", "a.safetensors", "--preview", "a.png", "--json");
        CommandRun decoded = await _commands.RunAsync("decode", "a.safetensors", "-o", "b.mp4");
        CommandRun repeated = await _commands.RunAsync("generate", "--like", "a.mp4", "-o", "c.mp4");

        Assert.Equal((0, 0, 0), (made.ExitCode, decoded.ExitCode, repeated.ExitCode));
        Assert.Equal(25, (int)JsonNode.Parse(made.Output)!["frames"]!);
        Assert.Equal(["a.mp4", "a.png", "a.safetensors", "b.mp4", "c.mp4"], _commands.Names);
        Assert.Equal(File.ReadAllBytes(_commands.InWork("a.mp4")), File.ReadAllBytes(_commands.InWork("b.mp4")));
        Assert.Equal(File.ReadAllBytes(_commands.InWork("a.mp4")), File.ReadAllBytes(_commands.InWork("c.mp4")));
    }

    [SkippableFact]
    public async Task Generate_FromAVideo_FollowsItAndAsksForItAgain()
    {
        await _commands.RunAsync("generate", "red ball", "--frames", "17", "--seed", "7", "-o", "a.mp4");
        CommandRun plan = await _commands.RunAsync("generate", "a star", "--video", "a.mp4", "--duration", "1", "--seed", "8", "--dry-run");

        CommandRun longer = await _commands.RunAsync("generate", "a star", "--video", "a.mp4", "--duration", "1", "--seed", "8", "-o", "b.mp4", "--json", "--keep-latents", "b.safetensors");
        CommandRun only = await _commands.RunAsync("generate", "a star", "--video", "a.mp4", "--only-new", "--duration", "1", "--seed", "8", "-o", "c.mp4", "--json");
        CommandRun decoded = await _commands.RunAsync("decode", "b.safetensors", "-o", "d.mp4", "--json");
        CommandRun forgotten = await _commands.RunAsync("generate", "--like", "b.mp4", "-o", "e.mp4");
        CommandRun repeated = await _commands.RunAsync("generate", "--like", "b.mp4", "--video", "a.mp4", "-o", "f.mp4");

        Assert.Contains("a.mp4, which is frame 0 here; about 17 frames of it come before\n", plan.Output, StringComparison.Ordinal);
        Assert.Equal((25, 8, 8), (Frames(longer), Frames(only), Frames(decoded)));
        forgotten.AssertFailed(2, "--video must be given, because the video was made with 'a.mp4'");
        Assert.Equal(0, repeated.ExitCode);
        Assert.Equal(File.ReadAllBytes(_commands.InWork("b.mp4")), File.ReadAllBytes(_commands.InWork("f.mp4")));

        static int Frames(CommandRun run) => (int)JsonNode.Parse(run.Output)!["frames"]!;
    }

    [SkippableFact]
    public async Task Generate_BestOfLongVideos_IsRefused()
    {
        CommandRun run = await _commands.RunAsync("generate", "red ball", "--frames", "25", "--best-of", "2", "-o", "a.mp4");

        run.AssertFailed(2, "The candidates must be 1 for a video of more than 17 frames, because a clip is judged whole, but are 2.");
        Assert.Empty(_commands.Names);
    }

    private static string Without(JsonNode node, string key)
    {
        JsonObject rest = node.DeepClone().AsObject();
        Assert.True(rest.Remove(key));
        return rest.ToJsonString();
    }
}
