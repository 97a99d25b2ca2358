using System.Text.Json.Nodes;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>A transformer that was distilled: the film pack, whose velocity is exact for any number of steps, with the same graph once more.</summary>
[Trait("Tier", "Graph")]
public sealed class DistilledTests
{
    private static readonly VideoRequest Words = new() { Prompt = "a red ball", Frames = 5, Seed = 5 };

    [Fact]
    public async Task GenerateAsync_PackWithADistilledTransformer_RunsItAndLoadsTheOtherOnlyWhenAsked()
    {
        using TemporaryFolder folder = new();
        MakePack(folder);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        GenerationPlan plan = await pipeline.PlanAsync(Words), full = await pipeline.PlanAsync(Words with { Undistilled = true });

        List<Media.VideoFrame> distilled = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan));
        string[] before = [.. pipeline.Graphs.Select(graph => graph.Role)];
        List<Media.VideoFrame> whole = await FilmPack.ReadAsync(pipeline.GenerateAsync(Words with { Undistilled = true, Guidance = 1 }));

        Assert.Equal((SolverKind.Lcm, 2, 1.0, 1), (plan.SolverKind, plan.Schedule.Steps, plan.Guidance, plan.Solver.Branches));
        Assert.Equal([1, 0.75, 0], plan.Schedule.Sigmas);
        Assert.Equal((SolverKind.Euler, 4, 1.5, 2), (full.SolverKind, full.Schedule.Steps, full.Guidance, full.Solver.Branches));
        Assert.Equal(["transformer_distilled", "transformer"], plan.Transformers.Concat(full.Transformers).Distinct(StringComparer.Ordinal));
        Assert.Equal(["tokenizer", "text_encoder", "transformer_distilled", "vae_decoder"], before);
        Assert.Equal(["tokenizer", "text_encoder", "transformer", "transformer_distilled", "vae_decoder"], pipeline.Graphs.Select(graph => graph.Role));
        Assert.All(distilled.Zip(whole), pair => Assert.InRange(pair.First.Pixels.Span[0] - pair.Second.Pixels.Span[0], -1, 1));
        Assert.True(GenerationPlanner.Open(folder.Path).PlanMemory(full).WeightBytes > GenerationPlanner.Open(folder.Path).PlanMemory(plan).WeightBytes);
        Assert.True(GenerationRecord.TryParse(GenerationRecord.Of(full, pipeline.Pack).ToJson(), out GenerationRecord? record) && record!.Request.Undistilled);
    }

    [Fact]
    public async Task OpenAsync_Undistilled_NeverLoadsTheDistilledTransformer()
    {
        using TemporaryFolder folder = new();
        MakePack(folder);
        PipelineOptions undistilled = new() { Undistilled = true };
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path, undistilled);

        GenerationPlan plan = await pipeline.PlanAsync(Words), asked = await pipeline.PlanAsync(Words with { Undistilled = true });
        await FilmPack.ReadAsync(pipeline.GenerateAsync(plan));

        Assert.Equal((SolverKind.Euler, 4, 1.5, 2), (plan.SolverKind, plan.Schedule.Steps, plan.Guidance, plan.Solver.Branches));
        Assert.Equal(plan.Schedule.Sigmas, asked.Schedule.Sigmas);
        Assert.True(GenerationRecord.TryParse(GenerationRecord.Of(plan, pipeline.Pack).ToJson(), out GenerationRecord? record) && record!.Request.Undistilled);
        Assert.Equal(["tokenizer", "text_encoder", "transformer", "vae_decoder"], pipeline.Graphs.Select(graph => graph.Role));
        Assert.Equal(GenerationPlanner.Open(folder.Path).Pack.Sum, pipeline.Pack.Sum);
        Assert.True(GenerationPlanner.Open(folder.Path, undistilled).PlanMemory(asked).WeightBytes < GenerationPlanner.Open(folder.Path).PlanMemory(asked).WeightBytes);
    }

    [Fact]
    public void OpenAsync_DistilledThatDoesNotFit_IsToldWithItsReasons()
    {
        using TemporaryFolder folder = new(), other = new();
        MakePack(folder);
        TinyPack.ChangeContract(folder, contract => contract["sampling"]!.AsObject().Remove("distilled"));
        MakePack(other);
        TinyPack.ChangeContract(other, contract => contract["graphs"]!["transformer_distilled"]!["inputs"]!.AsObject().Remove("frame_shot_ids"));

        ModelPackException missing = Assert.Throws<ModelPackException>(() => GenerationPlanner.Open(folder.Path)), unequal = Assert.Throws<ModelPackException>(() => GenerationPlanner.Open(other.Path));

        Assert.Equal("seedance.json: $.sampling.distilled must be there exactly with a graph transformer_distilled, but one of both is missing. Add it, or remove the other.", Assert.Single(missing.Problems));
        Assert.Equal("seedance.json: $.graphs.transformer_distilled must have the tensors of transformer, but has others: frame_shot_ids int64 [B, f].", Assert.Single(unequal.Problems));
    }

    [Fact]
    public async Task PlanMemory_Preview_CountsTheThinDecoder()
    {
        GenerationPlanner planner = GenerationPlanner.Open(FilmPack.Folder);
        GenerationPlan plan = await planner.PlanAsync(Words);

        Memory.MemoryPlan without = planner.PlanMemory(plan), with = planner.PlanMemory(plan, preview: true);

        Assert.Equal(0, without.PreviewBytes);
        Assert.True(with.PreviewBytes > 0 && with.WeightBytes > without.WeightBytes, $"{with}");
    }

    private static void MakePack(TemporaryFolder folder)
    {
        TinyPack.CopyTo(folder, FilmPack.Folder);
        string copy = folder.PathOf("transformer_distilled", "model.onnx");
        _ = Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(folder.PathOf("transformer", "model.onnx"), copy);
        TinyPack.ChangeContract(folder, contract =>
        {
            JsonObject graph = contract["graphs"]!["transformer"]!.DeepClone().AsObject();
            graph["file"] = "transformer_distilled/model.onnx";
            contract["graphs"]!["transformer_distilled"] = graph;
            contract["files"]!["transformer_distilled/model.onnx"] = (string?)contract["files"]!["transformer/model.onnx"];
            contract["sampling"]!["distilled"] = JsonNode.Parse("""{ "solver": "lcm", "steps": 2, "guidance": 1, "shift": 3 }""");
        });
    }
}
