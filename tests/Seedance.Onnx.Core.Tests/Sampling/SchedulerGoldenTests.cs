using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class SchedulerGoldenTests
{
    private static readonly GoldenRun[] All = Golden.Read<GoldenFile>("schedulers.json").Runs;

    public static TheoryData<int> Runs => [.. Enumerable.Range(0, All.Length)];

    [Fact]
    public void Runs_OfTheFile_CoverAllThreeSchedulers()
    {
        Assert.Equal(["flow_match_euler", "unipc", "dpmsolver++"], All.Select(run => run.Name.Split(' ')[0]).Distinct());
    }

    [Theory, MemberData(nameof(Runs))]
    public void Schedule_OfAGoldenRun_HasItsNoiseLevels(int index)
    {
        GoldenRun run = All[index];

        FlowSchedule schedule = run.Rebuild().Schedule;

        NumericAssert.Close<double>(expected: run.Sigmas, actual: [.. schedule.Sigmas], new Tolerance("float32 sigmas", 1e-7, 0));
        NumericAssert.Close<double>(expected: run.Timesteps, actual: [.. schedule.Timesteps], new Tolerance("float32 timesteps", 1e-4, 0));
    }

    [Theory, MemberData(nameof(Runs))]
    public void Plan_OfAGoldenRun_FollowsItStepByStep(int index)
    {
        GoldenRun run = All[index];
        var sampler = new Sampler(run.Rebuild().Plan, 8);
        sampler.Start(GoldenRun.Start);

        foreach (double[] expected in run.Trajectory)
        {
            GoldenRun.Velocity(sampler.Latents, sampler.Current.Timestep, sampler.Velocity(0));
            sampler.Advance();

            NumericAssert.Close<double>(expected, actual: Array.ConvertAll(sampler.Latents.ToArray(), value => (double)value), Golden.Scheduler);
        }

        Assert.True(sampler.IsDone);
    }

    private sealed record GoldenFile(GoldenRun[] Runs);
}
