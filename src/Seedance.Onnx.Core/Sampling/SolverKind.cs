namespace Seedance.Onnx.Sampling;

/// <summary>How the sampler moves from one noise level to the next.</summary>
public enum SolverKind
{
    /// <summary>Explicit Euler; "euler". One evaluation a step.</summary>
    Euler,

    /// <summary>Heun's method; "heun". Two evaluations a step, one for the last.</summary>
    Heun,

    /// <summary>The UniPC multistep predictor-corrector; "unipc". One evaluation a step.</summary>
    UniPC,

    /// <summary>The DPM-Solver++ multistep solver; "dpm++". One evaluation a step.</summary>
    DpmSolverPlusPlus,

    /// <summary>Consistency sampling with fresh noise, for models that were distilled for it; "lcm". One evaluation a step.</summary>
    Lcm,
}
