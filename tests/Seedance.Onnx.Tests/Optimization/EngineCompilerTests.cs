using System.Collections.Immutable;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Optimization;

/// <summary>What TensorRT is asked for, and what becomes of what it writes; without TensorRT.</summary>
[Trait("Tier", "Unit")]
public sealed class EngineCompilerTests : IDisposable
{
    private static readonly ShapeProfile Shapes = new(ImmutableSortedDictionary<string, ImmutableArray<AxisRange>>.Empty.Add("x", [AxisRange.Fixed(1)]));

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(GraphPrecision.Float32, ComputePrecision.Fp32)]
    [InlineData(GraphPrecision.Float16, ComputePrecision.Fp16)]
    public void TargetOf_Request_HoldsTheEngineInsideAndComputesAsTheGraphDoes(GraphPrecision graph, ComputePrecision engine)
    {
        ModelOptimizationRequest request = new()
        {
            Input = "in.onnx",
            Output = "out.onnx",
            Target = GraphTarget.TensorRt,
            Precision = graph,
            Compile = true,
            CompileTarget = new ExecutionTarget { DeviceId = 1, TensorRt = new TensorRtOptions { BuilderLevel = 5 } },
        };

        ExecutionTarget target = EngineCompiler.TargetOf(request);

        Assert.Equal([ExecutionProvider.TensorRt], target.Providers);
        Assert.Equal((1, engine), (target.DeviceId, target.Precision));
        Assert.Equal((EngineContext.Embedded, 5, false), (target.TensorRt!.Context, target.TensorRt.BuilderLevel, target.TensorRt.TimingCache));
    }

    [Fact]
    public void Compile_ContextWritten_TakesThePlaceOfTheGraph()
    {
        string path = _folder.PathOf("model.onnx");
        File.WriteAllText(path, "graph");
        EngineSetup? asked = null;
        EngineCompiler compiler = Compiler((_, role, _, setup) => File.WriteAllText((asked = setup).ContextOf(role), "context"));

        compiler.Compile("transformer", path, Shapes, _folder.Path);

        Assert.Equal("context", File.ReadAllText(path));
        Assert.Same(Shapes, asked!.Shapes);
        Assert.Equal("transformer_ctx.onnx", Path.GetFileName(asked.ContextOf("transformer")));
    }

    [Fact]
    public void Compile_NoContextWritten_IsAnErrorAndTheGraphStays()
    {
        string path = _folder.PathOf("model.onnx");
        File.WriteAllText(path, "graph");

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => Compiler((_, _, _, _) => { }).Compile("transformer", path, Shapes, _folder.Path));

        Assert.Contains("must compile it as a whole", error.Message, StringComparison.Ordinal);
        Assert.Equal("graph", File.ReadAllText(path));
    }

    public void Dispose() => _folder.Dispose();

    private static EngineCompiler Compiler(Action<string, string, ResolvedTarget, EngineSetup> build) =>
        new(new ResolvedTarget(ExecutionProvider.TensorRt, new ExecutionTarget { Providers = [ExecutionProvider.TensorRt] }, []), build);
}
