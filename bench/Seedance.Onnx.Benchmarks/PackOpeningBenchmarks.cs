using System.Security.Cryptography;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Seedance.Onnx.Composition;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx;

/// <summary>What opening the shipped pack consists of, before ONNX Runtime is asked: contract, sums of files, and composed graphs.</summary>
[MemoryDiagnoser]
public class PackOpeningBenchmarks
{
    private readonly string _folder = ShippedPack.Find();
    private readonly string _cache = Directory.CreateTempSubdirectory("seedance-bench-").FullName;
    private readonly ResolvedTarget _target = new(ExecutionProvider.Cpu, ExecutionTarget.Cpu, []);
    private ModelPack _pack = null!;

    /// <summary>Composes the step graph once, so that it is kept.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _pack = ModelPack.Open(_folder);
        _ = new PackComposer(_pack, _cache, verified: true).ComposeStep(_target);
    }

    /// <summary>Deletes what was kept.</summary>
    [GlobalCleanup]
    public void CleanUp() => Directory.Delete(_cache, recursive: true);

    /// <summary>The contract's JSON, read and nothing more.</summary>
    [Benchmark(Baseline = true)]
    public int ParseJson()
    {
        using JsonDocument contract = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "seedance.json")));
        return contract.RootElement.EnumerateObject().Count();
    }

    /// <summary>The contract read strictly and checked.</summary>
    [Benchmark]
    public ModelPack Open() => ModelPack.Open(_folder);

    /// <summary>Every file hashed by itself, in memory.</summary>
    [Benchmark]
    public int HashInMemory() => _pack.Contract.Files.Keys.Count(file => SHA256.HashData(File.ReadAllBytes(Path.Combine(_folder, file))).Length > 0);

    /// <summary>Every file compared with its sum, as opening does.</summary>
    [Benchmark]
    public void VerifyFiles() => _pack.VerifyFiles(CancellationToken.None);

    /// <summary>The transformer's file, read as it is.</summary>
    [Benchmark]
    public OnnxModel LoadTransformer() => OnnxModel.Load(_pack.PathOfGraph(GraphRoles.Transformer));

    /// <summary>Guidance and solver composed around it, and operators fused, as the first start does.</summary>
    [Benchmark]
    public OnnxModel ComposeStep() => new PackComposer(_pack, cacheFolder: null, verified: true).ComposeStep(_target).Model;

    /// <summary>The same taken from the cache, as later starts do.</summary>
    [Benchmark]
    public OnnxModel ComposedBefore() => new PackComposer(_pack, _cache, verified: true).ComposeStep(_target).Model;
}
