using System.Text.Json.Nodes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>What is told of a pack that makes semantic tokens first.</summary>
[Trait("Tier", "Graph")]
public sealed class GenerateSemanticTests : IDisposable
{
    private static readonly string Pack = RepositoryFolder.PathOf("tests", "Shared", "semantic-pack");

    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [Fact]
    public async Task DryRun_PackWithSemantics_TellsHowTheyAreMade()
    {
        CommandRun run = await _commands.RunAsync("generate", "a red ball", "--pack", Pack, "--frames", "17", "--seed", "7", "--dry-run");
        CommandRun json = await _commands.RunAsync("generate", "a red ball", "--pack", Pack, "--frames", "17", "--seed", "7", "--dry-run", "--json");

        Assert.Contains("\nsemantics   [3, 5, 4, 6] by euler, 25 steps, shift 2, guidance 3, for the whole video; followed with 20 % noise\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"for text, \d+ for semantics, \d+ for denoising", run.Output);
        JsonNode plan = JsonNode.Parse(json.Output)!, semantics = plan["semantics"]!;
        Assert.Equal(("[3,5,4,6]", "euler", 25), (semantics["tokens"]!.ToJsonString(), (string?)semantics["solver"], (int)semantics["steps"]!));
        Assert.Equal(3, new[] { plan["seed"]!, semantics["seed"]!, semantics["noiseSeed"]! }.Select(seed => (ulong)seed).Distinct().Count());
        Assert.True((long)plan["memory"]!["semantic"]! > 0);
    }

    [Fact]
    public async Task DryRun_PackWithoutSemantics_TellsNothingOfThem()
    {
        CommandRun run = await _commands.RunAsync("generate", "red ball", "--dry-run"), asked = await _commands.RunAsync("generate", "red ball", "--semantics-of", "a.mp4", "--dry-run");

        Assert.DoesNotContain("semantics", run.Output, StringComparison.Ordinal);
        asked.AssertFailed(2, "SemanticsOf must be left out with pack 'tiny', which has no graph 'semantic_encoder'");
    }

    [Fact]
    public async Task Inspect_PackWithSemantics_TellsThem()
    {
        CommandRun run = await _commands.RunAsync("inspect", Pack);

        Assert.Contains("\nsemantics 3 channels for 16x16 pixels and 4 frames, made of a whole video first: euler, 25 steps, guidance 3, shift 2; followed with 20 % noise\n", run.Output, StringComparison.Ordinal);
    }
}
