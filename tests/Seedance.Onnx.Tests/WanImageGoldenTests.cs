using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The tiny image-to-video Wan as the exporter writes it, against what export-scripts/tests/make_wan_pack.py recorded of the same weights in PyTorch.</summary>
[Trait("Tier", "Graph")]
public sealed class WanImageGoldenTests : IDisposable
{
    private const string SameArithmetic = "the same float32 arithmetic in another order, through a whole guided run";

    private readonly TemporaryFolder _pack = new();

    public WanImageGoldenTests()
    {
        // What both packs have alike lies in the first of them.
        foreach (string source in new[] { "wan-pack", "wan-image-pack" }.Select(name => RepositoryFolder.PathOf("tests", "Shared", name)))
        {
            foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            {
                string copy = _pack.PathOf(Path.GetRelativePath(source, file));
                _ = Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy, overwrite: true);
            }
        }
    }

    public void Dispose() => _pack.Dispose();

    [Fact]
    public async Task MakeLatents_FromAPicture_EqualsPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(_pack.Path);
        GenerationPlan plan = GenerationPlan.Create(WanRun.Request with { FirstFrame = ImageSource.FromFile("picture") }, pipeline.Pack);

        float[] latents = pipeline.MakeLatents(plan, [new VideoFrame(plan.Size, NpyFile.Read<byte>(PathOf("image.npy")))], new StageClock(), progress: null, CancellationToken.None);

        float[] expected = NpyFile.Read<float>(PathOf("video_latents.npy"));
        NumericAssert.Close<float>(expected, latents, WanRun.OfLargest(expected, 1e-4, SameArithmetic));
    }

    [Fact]
    public void Run_ConditionStage_EqualsPyTorchsChannelsAndFeatures()
    {
        ModelPack pack = ModelPack.Open(_pack.Path);
        GenerationPlan plan = GenerationPlan.Create(WanRun.Request with { FirstFrame = ImageSource.FromFile("picture"), Guidance = 1 }, pack);
        using GraphSession encoder = Open(pack, GraphRoles.VaeEncoder), imageEncoder = Open(pack, GraphRoles.ImageEncoder);
        using StageRun stage = new(new StageClock(), GenerationStage.Condition);

        ImageCondition condition = ConditionStage.OfLatents(pack.Contract).Run(plan, [new VideoFrame(plan.Size, NpyFile.Read<byte>(PathOf("image.npy")))], encoder, imageEncoder, stage, CancellationToken.None);

        float[] channels = NpyFile.Read<float>(PathOf("image_condition.npy")), features = NpyFile.Read<float>(PathOf("image_features.npy"));
        float[] mask = new float[channels.Length / 5], latents = new float[channels.Length - mask.Length], looked = new float[features.Length];
        condition.Fill(plan, ComposedTensors.Of(ChannelKind.Mask), mask);
        condition.Fill(plan, ComposedTensors.Of(ChannelKind.Condition), latents);
        condition.Fill(plan, ImageCondition.Features, looked);
        Assert.Equal(channels[..mask.Length], mask);
        // The tiny encoder gives nearly the same for anything: that absent frames are grey moves its latents by 2e-5.
        NumericAssert.Close<float>(channels.AsSpan(mask.Length), latents, WanRun.OfLargest(channels, 3e-6, "one run of the encoder in another order"));
        NumericAssert.Close<float>(features, looked, WanRun.OfLargest(features, 1e-4, "one run of the image encoder in another order"));
        Assert.Equal<long>([5, 20], condition.FeatureShape!);
    }

    private static GraphSession Open(ModelPack pack, string role) => GraphSession.Open(pack.Folder, pack.Contract.FindGraph(role)!, ExecutionTarget.Cpu);

    private static string PathOf(string file) => RepositoryFolder.PathOf("tests", "Shared", "wan-image-golden", file);
}
