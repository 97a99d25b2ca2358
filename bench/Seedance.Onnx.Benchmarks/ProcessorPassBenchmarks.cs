using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Seedance.Onnx.Composition;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>What the passes for the processor alone are worth: guided steps and the decoding of a 17-frame clip of the shipped pack, with all other passes and with these besides.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory), CategoriesColumn]
public class ProcessorPassBenchmarks
{
    private const int Steps = 4;
    private static readonly string[] Passes = ["planar convolutions", "channels last", "row normalisations", "single moves"];

    private readonly List<IDisposable> _open = [];
    private DenoiseStage _stepBefore = null!, _step = null!;
    private DecodeStage _decodeBefore = null!, _decode = null!;
    private DecodePieces _pieces;
    private TextCondition _text = null!;
    private GenerationPlan _plan = null!;
    private float[] _latents = null!;

    /// <summary>Makes both forms of both graphs.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        ModelPack pack = ModelPack.Open(ShippedPack.Find());
        _plan = GenerationPlan.Create(new VideoRequest { Prompt = "a red ball moves to the right", Frames = 17, Steps = Steps, Guidance = 3, Undistilled = true }, pack);
        PackComposer composer = new(pack, cacheFolder: null, verified: false, fuses: false);
        ResolvedTarget target = ExecutionTarget.Cpu.Resolve();
        GraphSession tokenizer = Own(GraphSession.Open(pack.Folder, pack.Contract.FindGraph(GraphRoles.Tokenizer)!, target));
        _text = Own(new TextStage(tokenizer, Open(composer.Rewrite(GraphRoles.TextEncoder, target)), pack.Contract.MaxTokens).Run(_plan.Branches, CancellationToken.None));

        (_stepBefore, _step) = (Stepper(Passes), Stepper());
        (_decodeBefore, _decode) = (Decoder(Passes), Decoder());
        _pieces = DecodePieces.Of(_plan.Latents, inChunks: true).First();
        _latents = Step();

        DenoiseStage Stepper(params string[] without) => new(Open(composer.ComposeStep(target), without), pack.Contract.TransformerChannels);
        DecodeStage Decoder(params string[] without) => new(Open(composer.ComposePixels(target), without), pack.Contract.Latents);
        GraphSession Open(ComposedGraph graph, params string[] without)
        {
            OnnxModel model = graph.Model;
            _ = GraphOptimizer.Optimize(model, new OptimizationOptions { Without = [.. without] });
            return Own(GraphSession.Open(model.ToBytes(), pack.Folder, graph.Contract, target));
        }
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _open.ForEach(open => open.Dispose());
        _open.Clear();
    }

    /// <summary>A step without the four passes.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Steps), BenchmarkCategory("step")]
    public float[] StepBefore() => _stepBefore.Run(_plan, _text, ImageCondition.None);

    /// <summary>A step as it runs.</summary>
    [Benchmark(OperationsPerInvoke = Steps), BenchmarkCategory("step")]
    public float[] Step() => _step.Run(_plan, _text, ImageCondition.None);

    /// <summary>Decoding without the four passes.</summary>
    [Benchmark(Baseline = true), BenchmarkCategory("decode")]
    public void DecodeBefore() => _decodeBefore.Run(_plan, _latents, _pieces, _ => { }, stage: null, CancellationToken.None);

    /// <summary>Decoding as it runs.</summary>
    [Benchmark, BenchmarkCategory("decode")]
    public void Decode() => _decode.Run(_plan, _latents, _pieces, _ => { }, stage: null, CancellationToken.None);

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _open.Add(disposable);
        return disposable;
    }
}
