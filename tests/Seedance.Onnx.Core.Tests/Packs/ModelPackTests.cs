using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Packs;

[Trait("Tier", "Unit")]
public sealed class ModelPackTests
{
    [Fact]
    public void Open_AContractWithEveryKey_ReadsThemAll()
    {
        using PackFolderFixture fixture = new();

        ModelPack pack = fixture.Open();

        PackContract contract = pack.Contract;
        Assert.Equal(("mini", "0.1.0", "Apache-2.0"), (contract.Name, contract.Version, contract.License));
        Assert.Equal((4, 4, 8, true), (contract.Latents.Channels, contract.Latents.TemporalStride, contract.Latents.SpatialStride, contract.Latents.CausalFirstFrame));
        Assert.Equal<float>([0f, 0.5f, -1f, 2f], contract.Latents.Mean);
        Assert.Equal<float>([1f, 2f, 0.5f, 1.5f], contract.Latents.Std);
        Assert.Equal((8, 16, 41, 17), (contract.Video.Fps, contract.Video.SizeMultiple, contract.Video.MaxFrames, contract.Video.DefaultFrames));
        Assert.Equal<VideoSize>([new(96, 64), new(80, 80), new(64, 96)], contract.Video.Sizes);
        Assert.Equal(new SamplingDefaults { Solver = SolverKind.Euler, Steps = 25, Guidance = 3.5, NegativePrompt = "blurred" }, contract.Sampling);
        Assert.Equal(96, contract.MaxTokens);
        Assert.Equal(9, contract.TransformerChannels.Total);
        Assert.Equal([0, 4, 5], Enum.GetValues<ChannelKind>().Select(contract.TransformerChannels.Offset));
        Assert.Equal(new SchedulerContract { Spacing = ScheduleSpacing.FlowMatchEuler, TrainTimesteps = 1000, Shift = 3, SolverOrder = 2 }, pack.Scheduler);
        Assert.Equal(6, contract.Files.Count);
        pack.VerifyFiles();
    }

    [Fact]
    public void Open_Graphs_MapCanonicalNamesToTheFilesNames()
    {
        using PackFolderFixture fixture = new();

        ModelPack pack = fixture.Open();

        GraphContract decoder = pack.Contract.FindGraph(GraphRoles.VaeDecoder)!;
        Assert.Equal(("sample", "images"), (decoder.Outputs[0].Name, decoder.Outputs[0].FileName));
        Assert.Equal("latent_sample", decoder.FindInput("latent_sample")!.FileName);
        Assert.Equal("float32 [B, 4, f, h, w]", decoder.Inputs[0].ToString());
        Assert.Null(decoder.FindInput("sample"));
        Assert.True(pack.Contract.FindGraph(GraphRoles.TextEncoder)!.FindInput("shot_ids")!.Optional);
        Assert.Equal(fixture.PathOf("vae_decoder/model.onnx"), pack.PathOfGraph(GraphRoles.VaeDecoder));
        Assert.Contains("image_encoder", Assert.Throws<ModelPackException>(() => pack.PathOfGraph(GraphRoles.ImageEncoder)).Message);
    }

    [Fact]
    public void Open_Wan21ImageToVideo_IsDescribedWithoutNewCode()
    {
        using PackFolderFixture fixture = new("wan");

        ModelPack pack = fixture.Open();

        PackContract contract = pack.Contract;
        Assert.Equal(16, contract.Latents.Channels);
        Assert.Equal(new LatentShape(16, 21, 60, 104), contract.Latents.LatentsOf(contract.Video.Sizes[0], 81));
        Assert.Equal((36, 16, 4, 20), (contract.TransformerChannels.Total, contract.TransformerChannels.Offset(ChannelKind.Mask),
            contract.TransformerChannels.Count(ChannelKind.Mask), contract.TransformerChannels.Offset(ChannelKind.Condition)));
        Assert.Equal((SolverKind.UniPC, 50, 5.0, ""), (contract.Sampling.Solver, contract.Sampling.Steps, contract.Sampling.Guidance, contract.Sampling.NegativePrompt));
        Assert.Equal(new SchedulerContract { Spacing = ScheduleSpacing.UniPC, TrainTimesteps = 1000, Shift = 3, SolverOrder = 2 }, pack.Scheduler);
        Assert.Equal(FlowSchedule.UniPC(50, 3).Sigmas, pack.Scheduler.CreateSchedule(50).Sigmas);
        Assert.Equal((AbsentFrames.Grey, 1, 1, true), (contract.TransformerChannels.Absent, contract.MinImages, contract.MaxImages, contract.TakesImageFeatures));
        Assert.Equal([GraphRoles.ImageEncoder, GraphRoles.VaeEncoder], contract.ImageRoles);
        Assert.Equal(ElementType.Float16, contract.FindGraph(GraphRoles.ImageEncoder)!.Inputs[0].ElementType);
    }

    [Fact]
    public void Open_NoFolder_SaysSo()
    {
        using TemporaryFolder folder = new();

        ModelPackException error = Assert.Throws<ModelPackException>(() => ModelPack.Open(folder.PathOf("nothing")));

        Assert.Equal(folder.PathOf("nothing"), error.Pack);
        Assert.Contains("must exist", error.Message);
        Assert.Throws<ArgumentException>(() => ModelPack.Open(""));
    }

    [Fact]
    public void Open_EmptyFolder_NamesWhatIsMissing()
    {
        using TemporaryFolder folder = new();

        ModelPackException error = Assert.Throws<ModelPackException>(() => ModelPack.Open(folder.Path));

        Assert.Equal(2, error.Problems.Count);
        Assert.Contains("seedance.json must be in the pack, but is missing", error.Problems[0]);
        Assert.Contains("latents, video, sampling", error.Problems[0]);
        Assert.Contains("scheduler/scheduler_config.json", error.Problems[1]);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory, InlineData("{"), InlineData(""), InlineData("{ \"contract\": 1, \"contract\": 1 }"), InlineData("{} // why not")]
    public void Open_NotJson_SaysSo(string text)
    {
        using PackFolderFixture fixture = new();
        fixture.Write("seedance.json", text);

        Assert.StartsWith("seedance.json must be JSON, but is not: ", Assert.Single(fixture.Problems()));
    }

    [Fact]
    public void Open_HalfASurrogatePair_SaysSo()
    {
        using PackFolderFixture fixture = new();
        fixture.Write("seedance.json", "{ \"name\": \"\\ud800\" }");

        Assert.Contains(fixture.Problems(), problem => problem.StartsWith("seedance.json must hold valid Unicode text", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_MissingFiles_NamesThemAll()
    {
        using PackFolderFixture fixture = new();
        File.Delete(fixture.PathOf("transformer/model.onnx"));
        File.Delete(fixture.PathOf("vae_decoder/model.onnx"));

        Assert.Equal(
            ["File 'transformer/model.onnx' must be in the pack, but is missing. Download or export the pack again.",
             "File 'vae_decoder/model.onnx' must be in the pack, but is missing. Download or export the pack again."],
            fixture.Problems());
    }

    [SkippableFact]
    public void Open_ALinkOutOfTheFolder_IsRefused()
    {
        using PackFolderFixture fixture = new();
        using TemporaryFolder elsewhere = new();
        File.Move(fixture.PathOf("transformer/model.onnx"), elsewhere.PathOf("model.onnx"));
        Directory.Delete(fixture.PathOf("transformer"));
        Link(fixture.PathOf("transformer"), elsewhere.Path);

        Assert.Equal(
            "File 'transformer/model.onnx' must lie inside the pack, but a link leads out of it. Put the file itself there.",
            Assert.Single(fixture.Problems()));
    }

    [SkippableFact]
    public void Open_LinksInsideTheFolderAndToIt_AreFine()
    {
        using PackFolderFixture fixture = new();
        using TemporaryFolder elsewhere = new();
        File.Move(fixture.PathOf("transformer/model.onnx"), fixture.PathOf("vae_decoder/transformer.onnx"));
        Link(fixture.PathOf("transformer/model.onnx"), Path.Combine("..", "vae_decoder", "..", "vae_decoder", "transformer.onnx"));
        Link(elsewhere.PathOf("pack"), fixture.Path);

        Assert.Equal("mini", ModelPack.Open(elsewhere.PathOf("pack")).Contract.Name);
    }

    [SkippableFact]
    public void Open_LinksInACircle_AreRefused()
    {
        using PackFolderFixture fixture = new();
        File.Delete(fixture.PathOf("transformer/model.onnx"));
        Link(fixture.PathOf("transformer/model.onnx"), "model.onnx");

        Assert.Contains("must lie inside the pack", Assert.Single(fixture.Problems()));
    }

    [Fact]
    public void VerifyFiles_AlteredMissingAndUnlisted_NamesEachWithBothHashes()
    {
        using PackFolderFixture fixture = new();
        ModelPack pack = fixture.Open();
        string expected = pack.Contract.Files["transformer/model.onnx"];
        string actual = fixture.Write("transformer/model.onnx", "altered");
        File.Delete(fixture.PathOf("tokenizer/model.onnx"));
        fixture.Write("transformer/model.onnx.data", "not listed");
        fixture.Write("transformer/README.md", "not the model card");

        IReadOnlyList<string> problems = Assert.Throws<ModelPackException>(() => pack.VerifyFiles()).Problems;

        Assert.Equal(4, problems.Count);
        Assert.Contains("'tokenizer/model.onnx' must be in the pack", problems[0]);
        Assert.Equal($"File 'transformer/model.onnx' must have sha256 {expected}, but has {actual}. Download or export the pack again.", problems[1]);
        Assert.Contains("'transformer/README.md' must be listed", problems[2]);
        Assert.Contains("'transformer/model.onnx.data' must be listed", problems[3]);
    }

    [Fact]
    public void VerifyFiles_Cancelled_Stops()
    {
        using PackFolderFixture fixture = new();

        Assert.Throws<OperationCanceledException>(() => fixture.Open().VerifyFiles(new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData("/etc/passwd"), InlineData("../model.onnx"), InlineData("a/../../b"), InlineData("a//b"), InlineData("./a"), InlineData("a/")]
    [InlineData("C:/a"), InlineData("a\\b"), InlineData(""), InlineData(".."), InlineData("a\nb")]
    public void Open_APathThatLeadsElsewhere_IsRefused(string path)
    {
        using PackFolderFixture fixture = new(change: contract =>
        {
            contract["graphs"]!["transformer"]!["file"] = path;
            contract["files"]!.AsObject().Add(path, new string('0', 64));
        });

        IReadOnlyList<string> problems = fixture.Problems();

        Assert.Contains(problems, problem => problem.StartsWith("seedance.json: $.graphs.transformer.file must be a relative path", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith("seedance.json: $.files['", StringComparison.Ordinal));
        Assert.All(problems, problem => Assert.DoesNotContain('\n', problem));
    }

    private static void Link(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && OperatingSystem.IsWindows())
        {
            Skip.If(true, $"this system lets this user make no links: {e.Message}");
        }
    }
}
