using System.Text.Json.Nodes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>Commands with a pack whose videos begin and end with images.</summary>
[Trait("Tier", "Graph")]
public sealed class ImagePackCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();
    private readonly TemporaryFolder _pack = new();

    public ImagePackCommandTests()
    {
        WanImagePack.Write(_pack.Path, images: 2);
        _commands.Set("SEEDANCE_PACK", _pack.Path);
        foreach (string name in new[] { "first.ppm", "last.ppm" })
        {
            File.WriteAllBytes(_commands.InWork(name), [.. "P6\n48 32\n255\n"u8, .. new byte[48 * 32 * 3]]);
        }
    }

    public void Dispose()
    {
        _commands.Dispose();
        _pack.Dispose();
    }

    [SkippableTheory]
    [InlineData("", "Images must be 2 with pack 'wan-images', but are 0. Give a first and a last frame.")]
    [InlineData("--image first.ppm", "Images must be 2 with pack 'wan-images', but are 1. Give a first and a last frame.")]
    public async Task Generate_FewerImagesThanThePackMustHave_IsRefused(string images, string problem)
    {
        _commands.UseRealFFmpeg();

        CommandRun run = await _commands.RunAsync(["generate", "a red ball", "--dry-run", .. images.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        run.AssertFailed(2, problem);
    }

    [SkippableFact]
    public async Task DryRun_FirstAndLastFrame_TellsTheirPlacesAndTheMemoryForThem()
    {
        _commands.UseRealFFmpeg();
        string[] command = ["generate", "a red ball", "--image", "first.ppm", "--last-image", "last.ppm", "--dry-run"];

        CommandRun run = await _commands.RunAsync(command), json = await _commands.RunAsync([.. command, "--json"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches("\nfirst frame .*first.ppm, given as frame 0, in latent frame 0\nlast frame  .*last.ppm, given as frame 8, in latent frame 2\n", run.Output);
        Assert.Matches(@" for text, \d+ for images, \d+ for denoising", run.Output);
        Assert.Equal([(0, 0), (8, 2)], JsonNode.Parse(json.Output)!["images"]!.AsArray().Select(image => ((int)image!["frame"]!, (int)image["latentFrame"]!)));
    }

    [SkippableFact]
    public async Task Inspect_PackOfImages_SaysHowManyAndWhatBecomesOfThem()
    {
        CommandRun run = await _commands.RunAsync("inspect", _pack.Path), json = await _commands.RunAsync("inspect", _pack.Path, "--json");

        Assert.All(
            ["images    2, encoded as frames of one clip that is grey elsewhere, and looked at through the image encoder\n", "channels  16 noisy + 4 mask + 16 condition\n", "in  pixel_values             float32 [B, 3, H, W]"],
            part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
        JsonNode report = JsonNode.Parse(json.Output)!;
        Assert.Equal("""{"min":2,"max":2}""", report["images"]!.ToJsonString());
        Assert.Equal("grey", (string?)report["transformerChannels"]![2]!["absent"]);
        Assert.True((double)report["graphs"]!["image_encoder"]!["cost"]!["flops"]! > 0);
    }
}
