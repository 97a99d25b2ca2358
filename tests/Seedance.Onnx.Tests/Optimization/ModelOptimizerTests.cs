using System.Security.Cryptography;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Optimization;

/// <summary>One graph file, rewritten and measured.</summary>
[Trait("Tier", "Graph")]
public sealed class ModelOptimizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ModelOptimizerTests()
    {
        SmallNetwork.Write(Input);
    }

    private string Input => _folder.PathOf("in.onnx");

    private string Output => _folder.PathOf("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GraphPrecision.Float32, 1e-6)]
    [InlineData(GraphPrecision.Float16, 0.002)]
    [InlineData(GraphPrecision.Int8, 0.02)]
    [InlineData(GraphPrecision.Weights8, 0.01)]
    [InlineData(GraphPrecision.Weights4, 0.1)]
    public async Task OptimizeAsync_AnyPrecision_WritesAGraphThatComputesNearlyTheSame(GraphPrecision precision, double most)
    {
        byte[] before = Hash(Input);

        ModelOptimization result = await ModelOptimizer.OptimizeAsync(Request with { Precision = precision });

        GraphOptimization graph = Assert.Single(result.Graphs);
        Assert.Equal((Output, "in.onnx", false), (result.Output, graph.Graph, graph.IsUnchanged));
        Assert.Equal(1, graph.Passes.ChangesOf("activations"));
        Assert.Equal(precision == GraphPrecision.Float32 ? 0 : precision == GraphPrecision.Float16 ? 4 : 2, Math.Min(4, graph.Precision.Converted.Length));
        Assert.InRange(Assert.Single(graph.Differences).RelativeRms, 0, most);
        Assert.Equal(precision == GraphPrecision.Float32, graph.BytesAfter > 0.6 * graph.BytesBefore);
        Assert.Equal<long>([1, 8, 64], graph.Shapes["x"]);
        Assert.Equal("a test", OnnxModel.Load(Output).Metadata["origin"]);
        Assert.Equal(before, Hash(Input));
        Assert.Equal(["in.onnx", "out.onnx"], Names);
    }

    [Fact]
    public async Task OptimizeAsync_TwiceForTheSame_FindsNothingToDo()
    {
        await ModelOptimizer.OptimizeAsync(Request);

        ModelOptimization again = await ModelOptimizer.OptimizeAsync(Request with { Input = Output, Output = _folder.PathOf("again.onnx") });

        Assert.True(again.Graphs[0].IsUnchanged);
        Assert.Equal(0, again.Graphs[0].Differences[0].LargestAbsolute);
    }

    [Fact]
    public async Task OptimizeAsync_KeepPattern_KeepsAndSaysSo()
    {
        ModelOptimization result = await ModelOptimizer.OptimizeAsync(Request with { Precision = GraphPrecision.Int8, Keep = ["/second/*"] });

        Assert.Equal<string>(["/first/MatMul"], result.Graphs[0].Precision.Converted);
        Assert.Equal<string>(["/second/MatMul"], result.Graphs[0].Precision.Kept);
    }

    [Fact]
    public async Task OptimizeAsync_KeepPatternThatMatchesNothing_IsRefusedAndLeavesNothing()
    {
        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(
            () => ModelOptimizer.OptimizeAsync(Request with { Precision = GraphPrecision.Int8, Keep = ["/second/*", "/third/*"] }));

        Assert.Contains("'/third/*' matches none", Assert.Single(error.Problems), StringComparison.Ordinal);
        Assert.Equal(["in.onnx"], Names);
    }

    [Fact]
    public async Task OptimizeAsync_ValuesTooLargeForHalf_StayInSinglePrecision()
    {
        SmallNetwork.Write(Input, withLargeValues: true);

        ModelOptimization kept = await ModelOptimizer.OptimizeAsync(Request with { Precision = GraphPrecision.Float16 });
        ModelOptimization blind = await ModelOptimizer.OptimizeAsync(Request with { Precision = GraphPrecision.Float16, Output = _folder.PathOf("blind.onnx"), Samples = 0 });

        Assert.Equal<string>(["/large/Mul", "/large/Mul_1"], kept.Graphs[0].OverflowKeeps);
        Assert.InRange(kept.Graphs[0].Differences[0].RelativeRms, 0, 0.002);
        Assert.Empty(blind.Graphs[0].OverflowKeeps);
        Assert.Empty(blind.Graphs[0].Differences);
        Assert.Contains("/large/Mul", blind.Graphs[0].Precision.Converted);
    }

    [Fact]
    public async Task OptimizeAsync_Sensitivity_KeepsTheWorstAndReportsRuns()
    {
        Steps steps = new();

        ModelOptimization result = await ModelOptimizer.OptimizeAsync(Request with { Precision = GraphPrecision.Weights4, SensitiveKeeps = 1 }, steps);

        GraphOptimization graph = result.Graphs[0];
        NodeSensitivity worst = Assert.Single(graph.SensitiveKeeps);
        Assert.Equal<string>([worst.Node], graph.Precision.Kept);
        Assert.Single(graph.Precision.Converted);
        Assert.InRange(worst.RelativeError, 1e-4, 0.1);
        Assert.Equal(Enum.GetValues<OptimizationStep>().Except([OptimizationStep.Overflows, OptimizationStep.Compilation]), steps.Seen.Distinct());
    }

    [Fact]
    public async Task OptimizeAsync_GivenInputs_AreUsed()
    {
        string file = _folder.PathOf("x.npy");
        NpyFile.Write(file, [2, 3, 64], new float[2 * 3 * 64]);

        ModelOptimization result = await ModelOptimizer.OptimizeAsync(Request with { InputFiles = Request.InputFiles.SetItem("x", file) });

        Assert.Equal<long>([2, 3, 64], result.Graphs[0].Shapes["x"]);
        Assert.Equal(0, result.Graphs[0].Differences[0].LargestAbsolute, 1e-6);
    }

    [Fact]
    public async Task OptimizeAsync_SeveralProblems_AreToldAtOnce()
    {
        ModelOptimizationRequest request = Request with
        {
            Output = Input,
            Target = GraphTarget.Cuda,
            Precision = GraphPrecision.Int8,
            Roles = ["transformer"],
            Samples = -1,
            Shapes = ShapeBindings.None.WithAxis("T", 3).WithInput("z", 1),
            InputFiles = Request.InputFiles.SetItem("x", _folder.PathOf("none.npy")),
        };

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => ModelOptimizer.OptimizeAsync(request));

        Assert.Collection(
            error.Problems,
            problem => Assert.Contains("must lie apart from the input", problem, StringComparison.Ordinal),
            problem => Assert.Contains("int8 must be for target cpu", problem, StringComparison.Ordinal),
            problem => Assert.Contains("Samples must be from 0", problem, StringComparison.Ordinal),
            problem => Assert.Contains("none.npy' does not exist", problem, StringComparison.Ordinal),
            problem => Assert.Contains("'transformer' are chosen", problem, StringComparison.Ordinal),
            problem => Assert.Contains("Input 'z' must be one of x", problem, StringComparison.Ordinal),
            problem => Assert.Contains("Axis 'T' must be one of B, S", problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OptimizeAsync_OutputThatExists_IsReplacedOnlyWhenAllowed()
    {
        await File.WriteAllTextAsync(Output, "mine");

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => ModelOptimizer.OptimizeAsync(Request));
        string kept = await File.ReadAllTextAsync(Output);
        await ModelOptimizer.OptimizeAsync(Request with { Overwrite = true });

        Assert.Contains("must not exist", Assert.Single(error.Problems), StringComparison.Ordinal);
        Assert.Equal("mine", kept);
        Assert.NotEmpty(OnnxModel.Load(Output).Graph.Nodes);
    }

    [SkippableTheory]
    [InlineData("link.onnx", "in.onnx")]
    [InlineData("in.onnx", "link.onnx")]
    [InlineData("in.onnx", "folder/in.onnx")]
    public async Task OptimizeAsync_Link_IsNoWayToChangeTheInput(string input, string output)
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need rights there.");
        File.CreateSymbolicLink(_folder.PathOf("link.onnx"), Input);
        Directory.CreateSymbolicLink(_folder.PathOf("folder"), _folder.Path);

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(
            () => ModelOptimizer.OptimizeAsync(Request with { Input = _folder.PathOf(input), Output = _folder.PathOf(output), Overwrite = true }));

        Assert.Contains("must lie apart from the input", Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OptimizeAsync_WeightsOfTheInputBesideTheOutput_AreNotOverwritten()
    {
        OnnxModel.Load(Input).Save(_folder.PathOf("spread.onnx"), new OnnxWriteOptions { InlineLimitBytes = 0, ExternalFileName = "out.onnx.data" });

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(
            () => ModelOptimizer.OptimizeAsync(Request with { Input = _folder.PathOf("spread.onnx"), Overwrite = true }));

        Assert.Contains("out.onnx.data', where weights beside the output may go", Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OptimizeAsync_GraphThatDoesNotRun_LeavesNothing()
    {
        OnnxModel model = new(new OnnxGraph("strange"), opset: 18);
        GraphBuilder graph = new(model.Graph);
        graph.Input("x", OnnxElementType.Float32, "N");
        model.Opsets.Require("example.org");
        graph.Output(graph.Rename(graph.Add("Magic", ["x"], 1, "example.org")[0], "y"), OnnxElementType.Float32, "N");
        model.Save(Input);

        GraphExecutionException error = await Assert.ThrowsAsync<GraphExecutionException>(() => ModelOptimizer.OptimizeAsync(Request));
        ModelOptimization blind = await ModelOptimizer.OptimizeAsync(Request with { Samples = 0 });

        Assert.Contains("it must run as it is on x [1] to be measured, but does not. Give other shapes", error.Message, StringComparison.Ordinal);
        Assert.Empty(blind.Graphs[0].Differences);
        Assert.Equal(["in.onnx", "out.onnx"], Names);
    }

    [Theory]
    [InlineData(OptimizationStep.Reference)]
    [InlineData(OptimizationStep.Passes)]
    [InlineData(OptimizationStep.Sensitivity)]
    [InlineData(OptimizationStep.Conversion)]
    [InlineData(OptimizationStep.Comparison)]
    public async Task OptimizeAsync_Cancelled_LeavesNothing(OptimizationStep step)
    {
        using CancellationTokenSource source = new();
        Steps steps = new() { OnStep = seen => { if (seen == step) { source.Cancel(); } } };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelOptimizer.OptimizeAsync(Request with { Precision = GraphPrecision.Int8, SensitiveKeeps = 1 }, steps, source.Token));

        Assert.Equal(step, steps.Seen[^1]);
        Assert.Equal(["in.onnx"], Names);
    }

    private ModelOptimizationRequest Request => new() { Input = Input, Output = Output };

    private IEnumerable<string> Names => Directory.EnumerateFileSystemEntries(_folder.Path).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal);

    [Fact]
    public async Task OptimizeAsync_CompiledForTheProcessor_IsRefused()
    {
        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => ModelOptimizer.OptimizeAsync(Request with { Compile = true }));

        Assert.Equal("A graph to compile must be for target tensorrt, but the target is cpu. Choose the target, or do without compiling.", Assert.Single(error.Problems));
    }

    [SkippableFact]
    public async Task OptimizeAsync_CompiledWithoutTensorRt_NamesWhatIsMissingAndLeavesNothing()
    {
        Skip.If(File.Exists(Path.Combine(AppContext.BaseDirectory, "libonnxruntime_providers_shared.so")), "The CUDA and TensorRT libraries are built in.");

        ExecutionTargetException error = await Assert.ThrowsAsync<ExecutionTargetException>(
            () => ModelOptimizer.OptimizeAsync(Request with { Target = GraphTarget.TensorRt, Compile = true }));

        Assert.Contains("Provider 'tensorrt' needs the library", error.Message, StringComparison.Ordinal);
        Assert.Equal(["in.onnx"], Names);
    }

    private static byte[] Hash(string file) => SHA256.HashData(File.ReadAllBytes(file));

    private sealed class Steps : IProgress<OptimizationProgress>
    {
        public List<OptimizationStep> Seen { get; } = [];

        public Action<OptimizationStep>? OnStep { get; init; }

        public void Report(OptimizationProgress value)
        {
            Seen.Add(value.Step);
            OnStep?.Invoke(value.Step);
        }
    }
}
