using Seedance.Onnx.Composition;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Composition;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx;

/// <summary>The most memory of one step of the shipped denoiser, as it was exported and as it runs.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Model")]
public sealed class AttentionMemoryTests(ITestOutputHelper output) : IDisposable
{
    private const int Side = 512;

    private readonly TemporaryFolder _cache = new();

    /// <summary>
    /// Scores grow with the square of a frame's patches, all else with their number: in frames of 512x512 they are most of it. At the pack's own 96x64 they are
    /// a small part, and what is fused takes about as much.
    /// </summary>
    [SkippableFact]
    public void Run_OneStepOfALargeFrame_TakesAtMostHalfOfWhatItTakesAsExported()
    {
        Skip.IfNot(ProcessMemory.CanMeasurePeak, "The most memory of a while is measured on Linux only.");
        ModelPack pack = ModelPack.Open(ReferenceRun.Pack);
        PackComposer composer = new(pack, _cache.Path, verified: true);
        ResolvedTarget cpu = ExecutionTarget.Cpu.Resolve();
        ComposedGraph fused = composer.ComposeStep(cpu);
        GenerationPlan plan = GenerationPlan.Create(new VideoRequest { Prompt = "a red ball", Width = Side, Height = Side, Frames = 1, Steps = 1, Guidance = 3 }, pack);

        long exportedBytes = Measure(pack, fused with { Contract = fused.Contract with { File = Exported(pack) } }, plan), fusedBytes = Measure(pack, fused, plan);

        output.WriteLine($"One frame of {Side}x{Side}: {exportedBytes >> 10} KiB as exported, {fusedBytes >> 10} KiB fused, {(double)exportedBytes / fusedBytes:0.00} to 1");
        Assert.True(exportedBytes >= 2 * fusedBytes, $"A step must take at most {exportedBytes >> 11} KiB, but takes {fusedBytes >> 10} KiB.");
    }

    public void Dispose() => _cache.Dispose();

    private long Measure(ModelPack pack, ComposedGraph step, GenerationPlan plan)
    {
        using GraphSessions sessions = GraphSessions.Open(pack, ExecutionTarget.Cpu, _cache.Path, verified: true, fuses: true, keepsMemory: false, CancellationToken.None);
        using TextCondition text = new TextStage(sessions.Find(GraphRoles.Tokenizer), sessions[GraphRoles.TextEncoder], pack.Contract.MaxTokens).Run(plan.Branches, CancellationToken.None);
        using GraphSession session = step.Open(pack.Folder, engine: null);
        DenoiseStage stage = new(session, pack.Contract.TransformerChannels);
        long before = ProcessMemory.Resident();
        ProcessMemory.ResetPeak();

        _ = stage.Run(plan, text, ImageCondition.None);

        return ProcessMemory.Peak() - before;
    }

    /// <summary>The same step around the transformer as the pack has it: no pass has touched it.</summary>
    private string Exported(ModelPack pack)
    {
        string path = _cache.PathOf("exported.onnx");
        OnnxModel transformer = OnnxModel.Load(pack.PathOfGraph(GraphRoles.Transformer));
        StepGraph.Compose(transformer, new StepGraphOptions { Channels = pack.Contract.TransformerChannels, Keep = null, Branches = null, UsesNoise = true, RescalesGuidance = true }).Save(path);
        return path;
    }
}
