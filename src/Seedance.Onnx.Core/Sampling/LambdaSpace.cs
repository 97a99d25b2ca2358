namespace Seedance.Onnx.Sampling;

/// <summary>Half the logarithm of the signal-to-noise ratio of a flow model: λ = log((1 − σ) / σ), in which UniPC and DPM-Solver++ step.</summary>
internal static class LambdaSpace
{
    /// <summary>The highest noise level that is computed with: at 1 itself λ has no value. diffusers starts UniPC here too.</summary>
    public const double HighestSigma = 1 - 1e-6;

    public static double Sigma(FlowSchedule schedule, int index) => Math.Min(schedule[index], HighestSigma);

    /// <summary>λ at a noise level of the schedule; infinite at the clean end.</summary>
    public static double Lambda(FlowSchedule schedule, int index)
    {
        double sigma = Sigma(schedule, index);
        return Math.Log((1 - sigma) / sigma);
    }
}
