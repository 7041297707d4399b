import { describe, expect, test } from "vitest";
import { callingUser } from "../../src/record/program-options.js";

const sudo = {
  SUDO_UID: "1000",
  SUDO_GID: "100",
  SUDO_USER: "ada",
  HOME: "/root",
  USER: "root",
  PATH: "/bin",
};
const passwd = () =>
  "root:x:0:0::/root:/bin/sh\nad:x:1:1::/ad:/bin/sh\nada:x:1000:100:Ada,,,:/home/ada:/bin/sh\n";

describe("a program under sudo", () => {
  test("is run as who has called it, in their home", () => {
    expect(callingUser(sudo, true, passwd)).toEqual({
      user: { uid: 1000, gid: 100, name: "ada" },
      environment: { ...sudo, USER: "ada", LOGNAME: "ada", HOME: "/home/ada" },
    });
  });

  test("keeps a home that is not known", () => {
    const unknown = () => {
      throw new Error("no such file");
    };
    expect(callingUser(sudo, true, unknown)?.environment["HOME"]).toBe("/root");
    expect(callingUser({ ...sudo, SUDO_USER: "bob" }, true, passwd)?.environment["HOME"]).toBe("/root");
  });

  test.each([
    ["not root", sudo, false],
    ["root by itself", {}, true],
    ["root who has called sudo", { ...sudo, SUDO_UID: "0" }, true],
    ["told something odd", { ...sudo, SUDO_UID: "-1" }, true],
    ["told no name", { ...sudo, SUDO_USER: "" }, true],
  ])("is run as ourselves when we are %s", (_, environment, isRoot) => {
    expect(callingUser(environment, isRoot, passwd)).toBeUndefined();
  });
});
