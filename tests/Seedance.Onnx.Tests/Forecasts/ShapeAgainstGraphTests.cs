using System.Collections.Immutable;
using System.Globalization;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx.Forecasts;

/// <summary>What a model's dimensions say that it computes, against what is counted in its graphs.</summary>
[Trait("Tier", "Model")]
public sealed class ShapeAgainstGraphTests(ITestOutputHelper output)
{
    private const int Tokens = 24;

    private static readonly string Mini = RepositoryFolder.PathOf("onnx", "seedance-mini"), Wan = RepositoryFolder.PathOf("tests", "Shared", "wan-pack");

    [Theory]
    [InlineData(17, 96, 64)]
    [InlineData(41, 80, 80)]
    public void WorkOf_ShippedPack_IsWhatItsGraphsCompute(int frames, int width, int height)
    {
        (ImmutableArray<StageWork> shape, ImmutableArray<StageWork> graph) = Count("seedance-mini.json", Mini, frames, width, height);

        // Besides products with tokens, the graph makes scales of the timestep and angles of places, and the last block's text goes nowhere.
        Compare(shape, graph, StageWork.Text, 0.02, OperatorClass.Gemm, OperatorClass.Attention);
        Compare(shape, graph, StageWork.Denoise, 0.06, OperatorClass.Gemm, OperatorClass.Attention);
        Compare(shape, graph, StageWork.Decode, 0.02, OperatorClass.Convolution);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(17)]
    public void WorkOf_Wan_IsWhatItsGraphsCompute(int frames)
    {
        (ImmutableArray<StageWork> shape, ImmutableArray<StageWork> graph) = Count("wan-tiny.json", Wan, frames, 96, 64);

        // Weights that are alike are one, so that a few products with them count as attention's: the two together are compared.
        Compare(shape, graph, StageWork.Text, 0.02, OperatorClass.Gemm, OperatorClass.Attention);
        Compare(shape, graph, StageWork.Denoise, 0.06, OperatorClass.Gemm, OperatorClass.Attention);
    }

    private static (ImmutableArray<StageWork> Shape, ImmutableArray<StageWork> Graph) Count(string file, string folder, int frames, int width, int height)
    {
        ModelPack pack = ModelPack.Open(folder);
        VideoRequest request = new() { Prompt = "a video", Width = width, Height = height, Frames = frames, Undistilled = true, Seed = 0 };
        ImmutableArray<StageWork> graph = PackWork.Of(pack, GenerationPlan.Create(request, pack), tokens: Tokens);
        ModelShape shape = ModelShape.Find(RepositoryFolder.PathOf("tests", "Seedance.Onnx.Tests", "Forecasts", file));
        return (shape.WorkOf(new VideoSize(width, height), frames), graph);
    }

    private void Compare(ImmutableArray<StageWork> shape, ImmutableArray<StageWork> graph, string stage, double tolerance, params OperatorClass[] classes)
    {
        double Flops(ImmutableArray<StageWork> stages) => stages.First(one => one.Name == stage).Operators.Where(work => classes.Contains(work.Class)).Sum(work => work.Flops);
        double counted = Flops(graph), computed = Flops(shape);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{stage} {string.Join(" and ", classes)}: {computed:g4} by dimensions, {counted:g4} in the graph, {(computed / counted) - 1:+0.0%;-0.0%;0.0%}"));
        Assert.InRange(computed, counted * (1 - tolerance), counted * (1 + tolerance));
    }
}
