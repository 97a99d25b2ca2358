using System.Collections.Immutable;
using System.Diagnostics;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>Measures what a provider on this machine does at most: products, bytes and exponentials a second, by graphs of one node. Takes a second or two.</summary>
public static class ProcessorProbe
{
    /// <summary>The name to ask for this processor by, where a device is named.</summary>
    public const string Name = "cpu";

    private const int Side = 1024;
    private const double Flops = 2.0 * Side * Side * Side;
    private const int Elements = 1 << 23;
    private const int LeastRuns = 5;

    /// <summary>What a node costs besides its arithmetic and memory: set by hand to denoising as bench measured it on two processors that share no cache.</summary>
    private const double LaunchMicroseconds = 8;

    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(250);

    /// <summary>Measures this processor.</summary>
    /// <param name="target">What to run on; the processor with a thread a core if not specified.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Its sheet: what was measured now, and the memory that this process may have.</returns>
    /// <exception cref="ExecutionTargetException">ONNX Runtime does not load here, or the target cannot be had.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static DeviceSheet Measure(ExecutionTarget? target = null, CancellationToken cancellationToken = default)
    {
        ResolvedTarget resolved = (target ?? ExecutionTarget.Cpu).Resolve();
        using ScratchFolder scratch = new();
        double Rate(string name, OnnxModel model, double amount, params ReadOnlySpan<long> shape)
        {
            string path = Path.Combine(scratch.Path, name + ".onnx");
            model.Save(path, cancellationToken: cancellationToken);
            return amount / Fastest(path, name, resolved, shape, cancellationToken).TotalSeconds;
        }

        double single = Rate("product", Product(), Flops, Side, Side), whole = resolved.Provider == ExecutionProvider.Cpu ? Rate("product of 8 bits", EightBitProduct(cancellationToken), Flops, Side, Side) : 0;
        double bytes = Rate("sum", Elementwise("Neg"), 2.0 * sizeof(float) * Elements, Elements), exponentials = Rate("exponential", Elementwise("Exp"), Elements, Elements);
        ImmutableSortedDictionary<NumberFormat, double> tflops = ImmutableSortedDictionary<NumberFormat, double>.Empty.Add(NumberFormat.Fp32, single / 1e12);
        return new DeviceSheet
        {
            Name = Name,
            Title = $"this machine's {resolved.Provider.ToName()}, {resolved.Threads} threads",
            Source = "measured now",
            Efficiency = "cpu",
            Tflops = whole > 0 ? tflops.Add(NumberFormat.Integer8, whole / 1e12) : tflops,
            Texponentials = exponentials / 1e12,
            OldInstructions = 1,
            GigabytesPerSecond = bytes / 1e9,
            MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            LaunchSeconds = LaunchMicroseconds * 1e-6,
        };
    }

    /// <summary>Measures products alone, in a quarter of a second: what others are compared with in the same run.</summary>
    /// <param name="target">What to run on.</param>
    /// <param name="eightBits">Whether with 8 bits, as int8 packs compute on the processor.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>10^9 operations a second.</returns>
    /// <exception cref="ExecutionTargetException">ONNX Runtime does not load here, or the target cannot be had.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static double MeasureProducts(ExecutionTarget target, bool eightBits = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        using ScratchFolder scratch = new();
        string path = Path.Combine(scratch.Path, "product.onnx");
        (eightBits ? EightBitProduct(cancellationToken) : Product()).Save(path, cancellationToken: cancellationToken);
        return Flops / Fastest(path, "product", target.Resolve(), [Side, Side], cancellationToken).TotalSeconds / 1e9;
    }

    /// <summary>The shortest of several runs: what disturbs others only makes them longer.</summary>
    private static TimeSpan Fastest(string path, string name, ResolvedTarget target, ReadOnlySpan<long> shape, CancellationToken cancellationToken)
    {
        using ModelSession session = ModelSession.Open(path, name, target);
        using HostTensor input = HostTensor.Allocate(ElementType.Float32, shape);
        input.AsSpan<float>().Fill(0.5f);
        Dictionary<string, GraphTensor> inputs = new(StringComparer.Ordinal) { ["x"] = input };
        TimeSpan best = TimeSpan.MaxValue, spent = TimeSpan.Zero;
        for (int run = 0; run < LeastRuns || spent < LongEnough; run++)
        {
            long began = Stopwatch.GetTimestamp();
            session.Run(inputs, cancellationToken).Dispose();
            TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
            (best, spent) = (elapsed < best ? elapsed : best, spent + elapsed);
        }

        return best;
    }

    private static OnnxModel Product() => Build([Side, Side], graph =>
    {
        float[] weights = [.. Enumerable.Range(0, Side * Side).Select(i => ((i % 7) - 3) / 8f)];
        return graph.Add("MatMul", ["x", graph.Constant<float>("weights", weights, Side, Side)]);
    });

    private static OnnxModel EightBitProduct(CancellationToken cancellationToken)
    {
        OnnxModel model = Product();
        PrecisionConversion.Convert(model, new PrecisionOptions { Precision = GraphPrecision.Int8 }, cancellationToken);
        return model;
    }

    private static OnnxModel Elementwise(string operation) => Build([Elements], graph => graph.Add(operation, ["x"]));

    /// <summary>A graph of one input and one output that have the same shape.</summary>
    private static OnnxModel Build(OnnxDimension[] shape, Func<GraphBuilder, string> build)
    {
        OnnxModel model = new(new OnnxGraph("probe"), opset: 18);
        GraphBuilder builder = new(model.Graph);
        builder.Input("x", OnnxElementType.Float32, shape);
        builder.Output(build(builder), OnnxElementType.Float32, shape);
        return model;
    }

    private sealed class ScratchFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("seedance-probe-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
