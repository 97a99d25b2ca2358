namespace Seedance.Onnx.Cli;

/// <summary>The command line itself: help, version, and words that make no sense.</summary>
[Trait("Tier", "Unit")]
public sealed class SeedanceCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Version_IsPrintedAlone()
    {
        CommandRun run = await _commands.RunAsync("--version");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches(@"^\d+\.\d+\.\d+\n$", run.Output);
    }

    [SkippableTheory]
    [InlineData("", "generate <PROMPT>", "seedance doctor")]
    [InlineData("--help", "storyboard <VIDEO>", "seedance doctor")]
    [InlineData("generate --help", "--solver <euler|heun|unipc|dpm++|lcm>", "seedance generate \"一个红色的球向右移动\"")]
    [InlineData("generate a-prompt -h", "--negative <TEXT>", "seedance generate")]
    [InlineData("decode --help", "<LATENTS>", "seedance decode red.safetensors -o red.webm")]
    [InlineData("upscale --help", "--scale <N>", "seedance upscale red.mp4")]
    [InlineData("storyboard --help", "--columns <N>", "seedance storyboard red.mp4 -o red.png")]
    [InlineData("inspect --help", "<GRAPH|PACK>", "seedance inspect onnx/seedance-mini --json")]
    [InlineData("optimize --help", "--precision <fp32|fp16|int8|int8-weights|int4>", "--keep '*/head/*'")]
    [InlineData("bench --help", "--sweep <AXIS=V,V,…>", "seedance bench onnx/seedance-mini --ladder bench/ladder.json --runs 7 --json")]
    [InlineData("plan --help", "--device <NAME>", "seedance plan wan-2.1-14b --device l20 --resolution 720p")]
    [InlineData("doctor --help", "--json", "seedance doctor --json")]
    [InlineData("serve --help", "--max-queued <N>", "seedance serve --new-key alice")]
    [InlineData("worker --help", "--broker <TEXT>", "seedance worker --workers 2")]
    public async Task Help_OfEveryCommand_NamesItsOptionsAndEndsWithExamples(string words, string option, string example)
    {
        CommandRun run = await _commands.RunAsync(words.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains(option, run.Output, StringComparison.Ordinal);
        Assert.Contains(example, run.Output.Split("Examples:")[1], StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("frobnicate", "The command must be one of generate, decode, upscale, storyboard, inspect, optimize, bench, plan, doctor, serve, worker, but is 'frobnicate'. See: seedance --help")]
    [InlineData("--frobnicate", "'--frobnicate' must be an option of this command, but is not. See: seedance --help")]
    [InlineData("generate", "PROMPT must be given, but is missing. See: seedance generate --help")]
    [InlineData("generate --stepz 5", "'--stepz' must be an option of this command, but is not. See: seedance generate --help")]
    [InlineData("generate ball --stepz 5", "'--stepz' must be an option of this command, but is not.")]
    [InlineData("generate a red ball", "PROMPT must be one argument, but 'red' follows it. Put it in quotes")]
    [InlineData("generate ball --steps", "'--steps'")]
    [InlineData("generate ball --seed 1 --seed 2", "'--seed'")]
    [InlineData("generate ball --steps five", "--steps must be a whole number, but is 'five'.")]
    [InlineData("generate ball --steps 2.5", "--steps must be a whole number, but is '2.5'.")]
    [InlineData("generate ball --seed -1", "--seed must be a whole number from 0, but is '-1'.")]
    [InlineData("generate ball --seed 18446744073709551616", "--seed must be a whole number from 0")]
    [InlineData("generate ball --guidance NaN", "--guidance must be a number, but is 'NaN'.")]
    [InlineData("generate ball --shift much", "--shift must be a number, but is 'much'.")]
    [InlineData("generate ball --duration long", "--duration must be a number of seconds, but is 'long'.")]
    [InlineData("generate ball --duration 1e300", "--duration must be a number of seconds, but is '1e300'.")]
    [InlineData("generate ball --resolution p", "--resolution must be a size in pixels such as 96x64, or a name such as 720p, but is 'p'.")]
    [InlineData("generate ball --resolution 0x64", "--resolution must be a size in pixels such as 96x64, or a name such as 720p, but is '0x64'.")]
    [InlineData("generate ball --resolution 720p", "Resolution must be one that pack 'tiny' can make, but is 720p. Pack 'tiny' makes")]
    [InlineData("generate ball --upscale 2", "Upscale must be 1 with pack 'tiny', which states no cascade, but is 2.")]
    [InlineData("generate ball --ratio wide", "--ratio must be a ratio such as 16:9, but is 'wide'.")]
    [InlineData("generate ball --solver magic", "--solver must be one of euler, heun, unipc, dpm++, lcm, but is 'magic'.")]
    [InlineData("generate ball --threads 0", "--threads must be a whole number from 1 to 1024, but is '0'.")]
    [InlineData("storyboard in.mp4", "'--output'")]
    [InlineData("storyboard in.mp4 -o out.jpg", "--output must end in .png, but is 'out.jpg'.")]
    [InlineData("inspect", "GRAPH|PACK must be given, but is missing.")]
    [InlineData("inspect one two", "GRAPH|PACK must be one argument, but 'two' follows it.")]
    [InlineData("doctor now", "'doctor' must be followed by options only, but 'now' follows.")]
    public async Task Run_WordsThatMakeNoSense_AreOneLineAndExitCode2(string words, string problem)
    {
        CommandRun run = await _commands.RunAsync(words.Split(' '));

        run.AssertFailed(2, problem);
    }

    [SkippableFact]
    public async Task Run_SeveralWrongValues_AreALineEach()
    {
        CommandRun run = await _commands.RunAsync("generate", "ball", "--steps", "five", "--pack", " ");

        run.AssertFailed(2, "--steps must be a whole number", "--pack must be a path, but is ' '.");
    }

    [SkippableFact]
    public async Task Run_ErrorWithALineBreak_StaysOnOneLine()
    {
        CommandRun run = await _commands.RunAsync("inspect", "no\nsuch\tfolder");

        run.AssertFailed(3, "no such folder");
    }

    [SkippableFact]
    public async Task Run_TraceAskedFor_FollowsTheLine()
    {
        _commands.Set("SEEDANCE_TRACE", "1");

        CommandRun run = await _commands.RunAsync("inspect", "nowhere");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains($"   at {typeof(Packs.ModelPack)}.Open", run.Error, StringComparison.Ordinal);
    }
}
