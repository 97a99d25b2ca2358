using BenchmarkDotNet.Attributes;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Composition;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Optimization;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>Guided steps of the shipped denoiser: as it was exported, as it runs, and with 8-bit products. All on the same features and noise.</summary>
[MemoryDiagnoser]
public class DenoiserBenchmarks
{
    private const int Steps = 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("seedance-bench-").FullName;
    private readonly List<IDisposable> _open = [];
    private DenoiseStage _exported = null!, _fused = null!, _int8 = null!;
    private TextCondition _text = null!;
    private GenerationPlan _plan = null!;

    /// <summary>Frames of the clip: one, the pack's own number, and its most.</summary>
    [Params(1, 17, 41)]
    public int Frames { get; set; }

    /// <summary>Makes the three denoisers.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        ModelPack pack = ModelPack.Open(ShippedPack.Find());
        _plan = GenerationPlan.Create(new VideoRequest { Prompt = "a red ball moves to the right", Frames = Frames, Steps = Steps, Guidance = 3, Undistilled = true }, pack);
        GraphSessions sessions = Own(Open(pack));
        _text = Own(new TextStage(sessions.Find(GraphRoles.Tokenizer), sessions[GraphRoles.TextEncoder], pack.Contract.MaxTokens).Run(_plan.Branches, CancellationToken.None));
        _fused = Stage(sessions.Need(GraphRoles.Transformer, CancellationToken.None), pack);

        string plain = Path.Combine(_folder, "plain.onnx");
        StepGraphOptions options = new() { Channels = pack.Contract.TransformerChannels, Keep = null, Branches = null, UsesNoise = true, RescalesGuidance = true };
        StepGraph.Compose(OnnxModel.Load(pack.PathOfGraph(GraphRoles.Transformer)), options).Save(plain);
        GraphContract contract = sessions.Composed[GraphRoles.Transformer].Contract with { File = plain };
        _exported = Stage(Own(GraphSession.Open(pack.Folder, contract, ExecutionTarget.Cpu)), pack);

        ModelOptimizationRequest request = new()
        {
            Input = pack.Folder,
            Output = Path.Combine(_folder, "int8"),
            Precision = GraphPrecision.Int8,
            Roles = [GraphRoles.Transformer],
            Samples = 0,
        };
        ModelPack quantized = ModelPack.Open(ModelOptimizer.OptimizeAsync(request).GetAwaiter().GetResult().Output);
        _int8 = Stage(Own(Open(quantized)).Need(GraphRoles.Transformer, CancellationToken.None), quantized);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _open.ForEach(open => open.Dispose());
        _open.Clear();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The transformer as exported, with guidance and solver around it: no pass has touched it.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public float[] AsExported() => Run(_exported);

    /// <summary>What the pipeline runs, in single precision.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Steps)]
    public float[] Fused() => Run(_fused);

    /// <summary>The same of a pack that `seedance optimize --precision int8 --graph transformer` wrote.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public float[] EightBit() => Run(_int8);

    private float[] Run(DenoiseStage stage) => stage.Run(_plan, _text, ImageCondition.None);

    private static DenoiseStage Stage(GraphSession step, ModelPack pack) => new(step, pack.Contract.TransformerChannels);

    private GraphSessions Open(ModelPack pack) => GraphSessions.Open(pack, ExecutionTarget.Cpu, Path.Combine(_folder, "cache"), verified: false, fuses: true, keepsMemory: true, CancellationToken.None);

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _open.Add(disposable);
        return disposable;
    }
}
