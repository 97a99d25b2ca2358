using Seedance.Onnx.Core.Tests.Packs;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Core.Tests.Requests;

[Trait("Tier", "Unit")]
public sealed class AdaptivePlanTests
{
    private static readonly VideoRequest Words = new() { Prompt = "a red ball", AdaptiveSteps = 0.6 };

    [Theory]
    [InlineData(25, 1, 5), InlineData(25, 2, 8), InlineData(25, 3, 10), InlineData(25, 8, 23), InlineData(25, 9, 25), InlineData(25, 30, 25), InlineData(50, 1, 10), InlineData(8, 1, 2), InlineData(1, 1, 1), InlineData(1000, 2, 300)]
    public void FirstSteps_MoreShots_AreMore(int steps, int shots, int first)
    {
        Assert.Equal(first, AdaptivePlan.FirstSteps(steps, shots));
    }

    [Fact]
    public void Create_OneShot_ThinsWhatIsBehindAFifthOfTheSteps()
    {
        GenerationPlan plan = Create(Words);

        Assert.Equal((0.6, 5), (plan.Adaptive!.Share, plan.Adaptive.Common));
        Assert.Equal([12, 15, 25], plan.Ways.Select(way => way.Schedule.Steps));
        Assert.Equal(Levels(plan, [0, 1, 2, 3, 4, 5, 8, 11, 14, 17, 20, 23, 25]), plan.Ways[0].Schedule.Sigmas);
        Assert.Equal(Levels(plan, [0, 1, 2, 3, 4, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25]), plan.Ways[1].Schedule.Sigmas);
        Assert.Equal((plan.Schedule, plan.Solver), (plan.Ways[2].Schedule, plan.Ways[2].Solver));
    }

    [Theory]
    [InlineData(SolverKind.Euler, 1, 5), InlineData(SolverKind.Heun, 1, 10), InlineData(SolverKind.UniPC, 1, 5), InlineData(SolverKind.UniPC, 3, 5)]
    [InlineData(SolverKind.DpmSolverPlusPlus, 2, 5), InlineData(SolverKind.DpmSolverPlusPlus, 3, 5)]
    public void Create_AnySolver_HasWaysThatBeginAlikeAndPartThere(SolverKind solver, int order, int common)
    {
        AdaptivePlan adaptive = Create(Words with { Solver = solver, SolverOrder = order, StepCache = 0.1 }).Adaptive!;

        Assert.Equal(common, adaptive.Common);
        foreach (PlannedSteps way in adaptive.Ways.SkipLast(1))
        {
            Assert.All(Enumerable.Range(0, common), step => Assert.Equal(adaptive.Ways[^1].Solver.Steps[step].Weights.ToArray(), way.Solver.Steps[step].Weights.ToArray()));
            Assert.NotEqual(adaptive.Ways[^1].Solver.Steps[common].Weights.ToArray(), way.Solver.Steps[common].Weights.ToArray());
            Assert.Equal((adaptive.Ways[^1].Solver.Keep, 2), (way.Solver.Keep, way.Solver.Branches));
        }
    }

    [Theory]
    [InlineData(0.05, 12), InlineData(0.15, 15), InlineData(0.3, 25), InlineData(double.NaN, 25)]
    public void Choose_VelocityThatTurns_TakesFewerStepsTheSlowerItDoes(double turned, int steps)
    {
        AdaptivePlan adaptive = Create(Words).Adaptive!;
        VelocityTurn turn = new(length: 1);
        turn.Keep(adaptive.Ways[^1].Solver.Steps[3], [1f]);
        turn.Keep(adaptive.Ways[^1].Solver.Steps[4], [(float)(1 / (1 - turned))]);

        int way = adaptive.Choose(turn);

        // What lies between levels 3 and 4 lies 3.4 times between 4 and 7, and 4.7 times between 4 and 8.
        Assert.Equal(steps, adaptive.Ways[way].Schedule.Steps);
    }

    [Fact]
    public void Choose_NothingKept_TakesAllSteps()
    {
        AdaptivePlan adaptive = Create(Words).Adaptive!;

        Assert.Equal(adaptive.Ways.Length - 1, adaptive.Choose(new VelocityTurn(length: 1)));
    }

    [Fact]
    public void Create_TwoExperts_GivesEachWayTheGraphOfItsTimesteps()
    {
        using PackFolderFixture fixture = new("wan", contract => ContractReaderTests.SetSecondTransformer(contract, inputs => { }));

        GenerationPlan plan = GenerationPlan.Create(Words with { FirstFrame = ImageSource.FromFile("a.png") }, fixture.Open());

        Assert.Equal(3, plan.Ways.Length);
        Assert.All(plan.Ways, way => Assert.Equal(way.Solver.Steps.Select(step => step.Timestep >= 875 ? "transformer" : "transformer_2"), way.Transformers));
    }

    [Fact]
    public void Create_TooFewSteps_DoesAllAndSaysSo()
    {
        GenerationPlan plan = Create(Words with { Steps = 5 });

        Assert.Null(plan.Adaptive);
        Assert.Equal("All 5 steps are done: they are too few to leave some out by what the first ones show.", Assert.Single(plan.Notices));
        Assert.Same(plan.Solver, Assert.Single(plan.Ways).Solver);
    }

    [Fact]
    public void FindProblems_NothingToSave_IsRefused()
    {
        PackContract contract = Mini().Contract, distilled = contract with { Sampling = contract.Sampling with { Distilled = new SamplingSettings(SolverKind.Euler, 4, 1) } };

        Assert.Equal("AdaptiveSteps must be above 0 and up to 1, but is 2.", Assert.Single((Words with { AdaptiveSteps = 2 }).FindProblems(contract)));
        Assert.Equal("AdaptiveSteps must be above 0 and up to 1, but is NaN.", Assert.Single((Words with { AdaptiveSteps = double.NaN }).FindProblems(contract)));
        Assert.Equal(
            "AdaptiveSteps must be left out with solver lcm, whose every step begins with fresh noise. Leave it out, or take another solver.",
            Assert.Single((Words with { Solver = SolverKind.Lcm }).FindProblems(contract)));
        Assert.Equal(
            "AdaptiveSteps must be left out with graph 'transformer_distilled' of pack 'mini', which was distilled to 4 steps. Leave it out, or ask for Undistilled.",
            Assert.Single(Words.FindProblems(distilled)));
        Assert.Empty((Words with { Undistilled = true }).FindProblems(distilled));
    }

    private static IEnumerable<double> Levels(GenerationPlan plan, int[] levels) => levels.Select(level => plan.Schedule[level]);

    private static GenerationPlan Create(VideoRequest request) => GenerationPlan.Create(request, Mini());

    private static ModelPack Mini()
    {
        using PackFolderFixture fixture = new("mini");
        return fixture.Open();
    }
}
